"""`[allocations]`: people and groups, each with a cap; every wrong entry is told at once."""

from .reading import faults

CREDITS = "a number of credits above 0"
A_CAP = '"EMAIL" = credits, or "group:NAME" = a table'
A_GROUP = 'a table of limit and either members or id, such as {limit = 200, members = ["ed@acme.test"]}'
WRONG_CAPS = """\
[allocations]
"ed@acme.test" = "25"
eng = 5
"Eve@acme.test" = 3
'eve@acme.test' = 4
"group:A" = 200
"group:B" = { limit = 200 }
"group:C" = { limit = 0, members = ["ed@acme.test"] }
"group:D" = { limit = 1, members = ["ed"] }
"group:E" = { limit = 1, id = 7 }
[allocations."group:F"]
limit = 1
"""


def test_every_wrong_allocation_is_told_with_its_line() -> None:
    assert faults(WRONG_CAPS) == [
        f':2: allocations."ed@acme.test" = "25": must be {CREDITS}',
        f':3: allocations."eng" = 5: must be {A_CAP}',
        ':5: allocations."eve@acme.test" = 4: must be there once: upper and lower case make no difference',
        f':6: allocations."group:A" = 200: must be {A_GROUP}',
        f':7: allocations."group:B" = {{limit = 200}}: must be {A_GROUP}',
        f':8: allocations."group:C" = {{limit = 0, members = ["ed@acme.test"]}}: must be {CREDITS}',
        ':9: allocations."group:D" = {limit = 1, members = ["ed"]}: must be a table whose members are a list of emails',
        ':10: allocations."group:E" = {limit = 1, id = 7}: must be a table whose id is the id of a group in Hex',
        f':11: allocations."group:F" = {{limit = 1}}: must be {A_GROUP}',
    ]


def test_allocations_must_be_a_table() -> None:
    assert faults("allocations = 5") == [":1: allocations = … must be a table: [allocations]"]
