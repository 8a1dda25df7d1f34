"""The notes of a status document: why a figure is not known, and what else to see to."""

from collections.abc import Iterator
from textwrap import wrap

from hexmeter_tray import texts
from hexmeter_tray.lines import LINE_CHARACTERS, Reading, listed
from hexmeter_tray.meters import text
from hexmeter_tray.model import Kind, MenuItem

_NOTES_LISTED = 3
_NOTE_CHARACTERS = 360


def note_items(reading: Reading, config: str | None) -> tuple[MenuItem, ...]:
    """One entry for all notes: the first, as far as it fits a line, and below it the first few in full."""
    notes = _notes(reading)
    if not notes:
        return ()
    label, children = texts.note(notes[0]), tuple(_in_full(notes, config))
    if len(label) <= LINE_CHARACTERS and len(notes) == 1:
        children = ()
    return (MenuItem("notes", text(label, LINE_CHARACTERS), children=children),)


def explanation(reading: Reading) -> tuple[str, ...]:
    """For the tooltip: the first note, in lines, where no figure is known and the icon asks for one."""
    if not reading.meters or any(figure.share_left is not None for figure in reading.meters):
        return ()
    return tuple(line for note in _notes(reading)[:1] for line in wrap(note, LINE_CHARACTERS))


def _notes(reading: Reading) -> list[str]:
    """Each once: those of the meters shown that are unknown, then those on the whole."""
    whole = reading.status.get("notes")
    found = [figure.note for figure in listed(reading.meters) if figure.state == "unknown"]
    found += [text(note, _NOTE_CHARACTERS) for note in whole] if isinstance(whole, list) else []
    return [note for note in dict.fromkeys(found) if note]


def _in_full(notes: list[str], config: str | None) -> Iterator[MenuItem]:
    for number, note in enumerate(notes[:_NOTES_LISTED]):
        if number:
            yield MenuItem(f"separator:note:{number}", kind=Kind.SEPARATOR)
        for row, line in enumerate(wrap(note, LINE_CHARACTERS)):
            yield MenuItem(f"note:{number}:{row}", line)
    if len(notes) > _NOTES_LISTED:
        yield MenuItem("separator:note:more", kind=Kind.SEPARATOR)
        yield MenuItem("note:more", texts.more_notes(len(notes) - _NOTES_LISTED, config), enabled=False)
