"""The projects of a generated world: who owns them, who looks at them, and what ran in the last weeks."""

from hexmeter.hex.simulator.projects import Project, Run, Schedule
from hexmeter.hex.simulator.world import World, seeded, uuid_from

_DAY_MS = 86_400_000
_RUNS_DAYS = 40
_TITLES = ("Weekly revenue", "Churn", "Support load", "Stock", "Trial funnel", "Board pack", "Data quality", "Ads")
_SCHEDULES = (
    (),
    (),
    (Schedule("DAILY", hour=6, minute=0),),
    (Schedule("DAILY", hour=6, minute=0),),
    (Schedule("WEEKLY", hour=7, minute=30),),
    (Schedule("MONTHLY", hour=5, day=1),),
    (Schedule("CUSTOM", hour=8, minute=15),),
    (Schedule("DAILY", hour=22, enabled=False),),
)


def start_projects(world: World, seed: int, now_ms: int) -> None:
    """About a project for every second person, some on a schedule, some forgotten, one that always fails."""
    owners = [person for person in world.people.values() if person.role in ("ADMIN", "MANAGER", "EDITOR")]
    # Days of the calendar, as for threads: made later the same day, it is the same world and what followed.
    today_ms = now_ms // _DAY_MS * _DAY_MS
    for number in range(len(owners) // 2):
        rng = seeded(seed, "project", number)
        owner = rng.choice(owners)
        forgotten = rng.random() < 0.3
        views = rng.randrange(1, 60)
        made = Project(
            id=uuid_from(rng),
            title=f"{rng.choice(_TITLES)} {number + 1}",
            owner_email=owner.email,
            created_ms=today_ms - rng.randrange(60, 400) * _DAY_MS,
            last_viewed_ms=today_ms - (rng.randrange(35, 90) if forgotten else rng.randrange(1, 6)) * _DAY_MS,
            views=(0, 0, 0, views) if forgotten else (views // 4, views // 2, views, views * 3),
            # The third runs every hour; the second fails always.
            schedules=(Schedule("HOURLY", minute=0),) if number == 2 else rng.choice(_SCHEDULES),
            run_ms=rng.randrange(20, 600) * 1_000,
            fails_every=1 if number == 1 else rng.choice((0, 0, 0, 20)),
        )
        project = world.projects.add(made, scheduled_since_ms=today_ms - _RUNS_DAYS * _DAY_MS)
        for _ in range(rng.randrange(0, 12)):
            start_ms = today_ms - rng.randrange(1, _RUNS_DAYS * _DAY_MS)
            elapsed_ms = rng.randrange(5_000, 200_000)
            trigger = rng.choice(("API", "APP_REFRESH"))
            world.projects.add_run(
                Run(uuid_from(rng), project.id, "COMPLETED", trigger, start_ms, start_ms + elapsed_ms, elapsed_ms)
            )
    world.projects.advance(now_ms)
