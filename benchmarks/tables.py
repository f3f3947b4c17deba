"""Clean tables of several worlds, made from a seed: nothing in them is anybody's data.

    python benchmarks/tables.py places out.csv [--seed 7] [--rows 800]
    python benchmarks/tables.py --list

Seeds to 1000 are for development. Above, they are held out: nobody looks at those while tuning.
"""

import argparse
from collections.abc import Callable
from datetime import date, datetime, timedelta
from math import cos, pi
from pathlib import Path
from random import Random

from csv_files import Table, write
from sparse_tables import SPARSE
from words import Words, initials

HELD_OUT_ABOVE = 1000
"""Seeds above this one are not looked at while anything is tuned."""
START = datetime(2019, 1, 7)  # noqa: DTZ001  # a local time in a made-up world


def places(rng: Random, rows: int) -> Table:
    """Services in towns: postcode decides town, town decides county and state."""
    words, taken = Words(rng), set[str]()
    states = [(name := words.name(3), initials(name, 2, taken)) for _ in range(6)]
    counties = [(words.name(2), rng.choice(states)) for _ in range(18)]
    towns: list[tuple[str, ...]] = []
    for number in range(max(12, rows // 25)):
        county, (state, code) = rng.choice(counties)
        towns.append((words.place(), county, state, code, f"{10000 + 137 * number:05}"))
    sites: list[tuple[str, ...]] = []
    for number in range(max(20, rows // 8)):
        town, county, state, code, postcode = rng.choice(towns)
        kind = rng.choice(("Hospital", "School", "Library", "Fire Station", "Clinic"))
        site = (str(40000 + number), f"{words.name()} {kind}", kind, words.street(), town)
        sites.append((*site, postcode, county, state, code, words.phone()))
    measures = [(words.code(2, 2), f"{words.name()} {words.word()} per visit") for _ in range(15)]
    header = ["site_id", "site", "kind", "address", "town", "postcode", "county", "state",
              "state_code", "phone", "measure_code", "measure", "score", "sample"]  # fmt: skip
    body: list[list[str]] = []
    for _ in range(rows):
        measure, says = rng.choice(measures)
        score, sample = f"{rng.betavariate(6, 2) * 100:.1f}", rng.randint(12, 640)
        body.append([*rng.choice(sites), measure, says, score, str(sample)])
    return Table(header, body)


def products(rng: Random, rows: int) -> Table:
    """Goods with units and prices; the brand decides the maker, the category the tax."""
    words = Words(rng)
    makers = [(words.company(), words.name(3)) for _ in range(14)]
    brands = [(words.name(), *rng.choice(makers)) for _ in range(30)]
    kinds = [(words.name(), rng.choice(("7", "19")), rng.choice(("g", "ml")), rng.choice("ABCDEF"))
             for _ in range(12)]  # fmt: skip
    header = ["sku", "product", "brand", "maker", "origin", "category", "vat_percent", "aisle",
              "content", "price", "cost", "stock", "organic", "listed"]  # fmt: skip
    body: list[list[str]] = []
    for number in range(rows):
        brand, maker, origin = rng.choice(brands)
        category, vat, measure, aisle = rng.choice(kinds)
        content = rng.choice((50, 100, 125, 200, 250, 330, 500, 750, 1000))
        price = round(rng.lognormvariate(1.2, 0.5) + content / 400, 2)
        listed = START.date() + timedelta(days=rng.randrange(1800))
        body.append(
            [f"{initials(brand, 2, set())}{number:05}", f"{brand} {category} {words.word()}", brand,
             maker, origin, category, vat, aisle, f"{content} {measure}", f"{price:.2f}",
             f"{price * rng.uniform(0.5, 0.8):.2f}", str(rng.randrange(0, 900)),
             rng.choices(("yes", "no"), (1, 4))[0], listed.isoformat()]
        )  # fmt: skip
    return Table(header, body)


def people(rng: Random, rows: int) -> Table:
    """People with contacts: the mail follows the name, the age the birthday."""
    words = Words(rng)
    given = [words.name() for _ in range(60)]
    families = [words.family() for _ in range(160)]
    towns = [(words.place(), f"{rng.randrange(1000, 9999)}", words.name(2)) for _ in range(25)]
    employers = [(words.company(), rng.choice(towns)[0]) for _ in range(20)]
    header = ["person", "given_name", "family_name", "mail", "phone", "born", "age", "street",
              "town", "postcode", "region", "employer", "seat", "joined"]  # fmt: skip
    body: list[list[str]] = []
    for number in range(rows):
        first, last = rng.choice(given), rng.choice(families)
        employer, seat = rng.choice(employers)
        domain = "".join(char for char in employer.lower() if char.isalnum() and char.isascii())
        local = "".join(c for c in f"{first}.{last}".lower() if c == "." or c.isalnum())
        born = date(1940, 1, 1) + timedelta(days=rng.randrange(23000))
        joined = max(START.date() - timedelta(days=rng.randrange(7000)), born.replace(day=1))
        town, postcode, region = rng.choice(towns)
        body.append(
            [str(number + 1), first, last, f"{local}@{domain}.example", words.phone(),
             born.isoformat(), str(2019 - born.year), words.street(), town, postcode, region,
             employer, seat, joined.isoformat()]
        )  # fmt: skip
    return Table(header, body)


def matches(rng: Random, rows: int) -> Table:
    """Match results: the home side decides town and ground, the goals the points."""
    words = Words(rng)
    clubs: list[tuple[str, str, str, int, float]] = []
    for _ in range(18):
        town = words.place()
        name = f"{rng.choice(('FC', 'United', 'Rovers', 'Athletic'))} {town}"
        seats = rng.randrange(4000, 60000)
        clubs.append((name, town, f"{words.name()} Park", seats, rng.uniform(0.6, 2.2)))
    referees = [f"{words.name()} {words.family()}" for _ in range(24)]
    header = ["season", "round", "day", "kick_off", "home", "away", "town", "ground", "capacity",
              "home_goals", "away_goals", "result", "home_points", "crowd", "referee"]  # fmt: skip
    body: list[list[str]] = []
    for number in range(rows):
        home, away = rng.sample(clubs, 2)
        season, game = divmod(number, 306)
        day = START.date() + timedelta(days=365 * season + 7 * (game // 9) + game % 2)
        goals, against = _goals(rng, home[4] * 1.1), _goals(rng, away[4] * 0.9)
        result = "home" if goals > against else "away" if goals < against else "draw"
        points = {"home": 3, "draw": 1, "away": 0}[result]
        crowd = round(home[3] * rng.uniform(0.45, 1))
        body.append(
            [f"{2019 + season}/{20 + season}", str(game // 9 + 1), day.isoformat(),
             rng.choice(("15:00", "15:30", "18:00", "20:30")), home[0], away[0], home[1], home[2],
             str(home[3]), str(goals), str(against), result, str(points), str(crowd),
             rng.choice(referees)]
        )  # fmt: skip
    return Table(header, body)


def _goals(rng: Random, mean: float) -> int:
    return sum(rng.random() < mean / 9 for _ in range(9))


def films(rng: Random, rows: int) -> Table:
    """A film list: almost every title is its own, little decides anything."""
    words = Words(rng)
    directors = [(f"{words.name()} {words.family()}", rng.randrange(8)) for _ in range(90)]
    countries = [(words.name(3), words.name(2)) for _ in range(8)]
    genres = [words.name() for _ in range(9)]
    studios = [words.company() for _ in range(25)]
    header = ["id", "title", "year", "released", "director", "country", "language", "genre",
              "studio", "duration", "rating", "votes", "gross", "colour"]  # fmt: skip
    body: list[list[str]] = []
    for number in range(rows):
        director, home = rng.choice(directors)
        country, language = countries[home]
        released = date(1965, 1, 1) + timedelta(days=rng.randrange(20000))
        votes = round(rng.lognormvariate(8, 1.6))
        body.append(
            [f"tt{rng.randrange(100)}{number:05}", words.title(), str(released.year),
             released.isoformat(), director, country, language, rng.choice(genres),
             rng.choice(studios), f"{round(rng.gauss(104, 17))} min",
             f"{min(9.6, max(1.5, rng.gauss(6.4, 1.1))):.1f}", str(votes),
             str(votes * rng.randrange(90, 900)), "yes" if released.year > 1971 else "no"]
        )  # fmt: skip
    return Table(header, body)


def sensors(rng: Random, rows: int) -> Table:
    """Hourly measurements: smooth in time, the station decides where it stands."""
    words = Words(rng)
    stations = [
        (words.code(2, 3), words.place(), words.name(), f"{rng.uniform(47, 54):.4f}",
         f"{rng.uniform(6, 15):.4f}", str(rng.randrange(5, 1900)), rng.uniform(6, 14))
        for _ in range(8)
    ]  # fmt: skip
    header = ["station", "site", "operator", "latitude", "longitude", "elevation", "measured_at",
              "temperature", "humidity", "pressure", "wind", "rain", "battery"]  # fmt: skip
    body: list[list[str]] = []
    for number in range(rows):
        hour, place = divmod(number, len(stations))
        *fixed, mean = stations[place]
        at = START + timedelta(hours=hour)
        warm = mean - 7 * cos(2 * pi * at.hour / 24) + 2 * cos(hour / 90) + rng.gauss(0, 0.4)
        damp = min(100.0, max(8.0, 78 - 2.2 * (warm - mean) + rng.gauss(0, 2)))
        pressure = 1013 - int(fixed[5]) / 8.4 + 4 * cos(hour / 40) + rng.gauss(0, 0.3)
        rain = max(0.0, rng.gauss(-1, 1))
        body.append(
            [*fixed, at.strftime("%Y-%m-%d %H:%M"), f"{warm:.1f}", f"{damp:.0f}", f"{pressure:.1f}",
             f"{abs(rng.gauss(3, 1.5)):.1f}", f"{rain:.1f}", f"{3.9 - hour / 2000:.2f}"]
        )  # fmt: skip
    return Table(header, body)


def statistics(rng: Random, rows: int) -> Table:
    """Countries by year: parts make sums, counts and populations make rates."""
    words, taken = Words(rng), set[str]()
    regions = [words.name(2) for _ in range(5)]
    years = 20
    countries = [
        (name := words.name(3), initials(name, 3, taken), rng.choice(regions), words.place(),
         words.name(2), rng.lognormvariate(15.5, 1.3), rng.uniform(0.996, 1.025))
        for _ in range(-(-rows // years))
    ]  # fmt: skip
    header = ["country", "code", "region", "capital", "currency", "year", "population", "women",
              "men", "births", "deaths", "birth_rate", "area", "density", "jobless"]  # fmt: skip
    body: list[list[str]] = []
    for country, code, region, capital, currency, people_now, growth in countries:
        area, jobless = round(people_now / rng.uniform(20, 400)), rng.uniform(3, 14)
        for year in range(2000, 2000 + years):
            people_now *= growth
            jobless = max(1.5, jobless + rng.gauss(0, 0.5))
            women = round(people_now * rng.uniform(0.5, 0.512))
            total = round(people_now)
            births = round(people_now * rng.uniform(0.009, 0.013))
            deaths = round(people_now * rng.uniform(0.007, 0.011))
            body.append(
                [country, code, region, capital, currency, str(year), str(total), str(women),
                 str(total - women), str(births), str(deaths),
                 f"{1000 * births / total:.1f}", str(area), f"{total / area:.1f}", f"{jobless:.1f}"]
            )  # fmt: skip
    return Table(header, body[:rows])


def shipments(rng: Random, rows: int) -> Table:
    """Several sources report the same shipments; in the clean table they agree."""
    words = Words(rng)
    sources = [words.name().lower() for _ in range(16)]
    count = -(-rows // 12)
    known: list[list[str]] = []
    for _ in range(count):
        leaves = START + timedelta(minutes=5 * rng.randrange(4000))
        arrives = leaves + timedelta(minutes=5 * rng.randrange(12, 140))
        late, later = rng.randrange(-4, 50), rng.randrange(-10, 60)
        times = (leaves, leaves + timedelta(minutes=late), arrives,
                 arrives + timedelta(minutes=later))  # fmt: skip
        route = f"{words.code(2, 4)}-{words.name(1).upper()}-{words.name(1).upper()}"
        shown = [time.strftime("%Y-%m-%d %H:%M") for time in times]
        known.append([route, *shown, f"{rng.uniform(0.5, 24):.1f}", rng.choice("ABCD")])
    header = ["report", "source", "shipment", "planned_departure", "departure", "planned_arrival",
              "arrival", "weight_t", "dock"]  # fmt: skip
    reports = [(source, facts) for facts in known for source in rng.sample(sources, 12)]
    rng.shuffle(reports)
    body = [[str(n + 1), source, *facts] for n, (source, facts) in enumerate(reports[:rows])]
    return Table(header, body)


WORLDS: dict[str, Callable[[Random, int], Table]] = {
    "places": places,
    "products": products,
    "people": people,
    "matches": matches,
    "films": films,
    "sensors": sensors,
    "statistics": statistics,
    "shipments": shipments,
    **SPARSE,
}


def make(world: str, seed: int, rows: int = 800) -> Table:
    """A clean table; the same seed gives the same one."""
    return WORLDS[world](Random(f"{world} {seed}"), rows)


def main() -> None:
    """Write a table, or list the worlds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("world", nargs="?", choices=list(WORLDS))
    parser.add_argument("out", nargs="?", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=800)
    parser.add_argument("--list", action="store_true", help="say which worlds there are")
    arguments = parser.parse_args()
    if arguments.list:
        for name, build in WORLDS.items():
            print(f"{name:12} {(build.__doc__ or '').splitlines()[0]}")
        return
    if arguments.world is None or arguments.out is None:
        parser.error("name a world and a file, or ask for --list")
    write(arguments.out, make(arguments.world, arguments.seed, arguments.rows))


if __name__ == "__main__":
    main()
