"""Clean tables that say little about themselves: few values come back, little decides anything.

Measurements, long statistics, lists in one cell, people of whom each is the only one, free text,
very few rows, very many columns, capitals throughout, another alphabet.
"""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from csv_files import Table
from words import Words, initials

_CYRILLIC = {
    ord(latin) + case: first + place
    for case, first in ((0, 0x0430), (ord("A") - ord("a"), 0x0410))
    for place, latin in enumerate("abcdefghijklmnopqrstuvwxyz")
}
"""Letter by letter, in the order of the alphabets."""


def measurements(rng: Random, rows: int) -> Table:
    """Specimens: numbers that hang together loosely, a kind, and nothing that comes back."""
    words = Words(rng)
    kinds = [words.name().lower() for _ in range(4)]
    names = list(dict.fromkeys(words.word() for _ in range(40)))[:11]
    shapes = [
        (rng.lognormvariate(2, 1.6), rng.uniform(0.05, 0.35), rng.choice((0, 1, 1, 2, 2, 3)),
         [rng.gauss(0, 1) for _ in range(3)], {kind: rng.gauss(0, 0.25) for kind in kinds})
        for _ in names
    ]  # fmt: skip
    body: list[list[str]] = []
    for _ in range(rows):
        kind, hidden = rng.choices(kinds, (5, 3, 2, 1))[0], [rng.gauss(0, 1) for _ in range(3)]
        values: list[str] = []
        for mean, spread, decimals, loads, shift in shapes:
            swing = sum(a * b for a, b in zip(loads, hidden, strict=True)) + rng.gauss(0, 0.4)
            value = abs(mean * (1 + shift[kind] + spread * swing))
            values.append(f"{value:.{decimals + (mean < 1)}f}")
        body.append([*values, kind])
    return Table([*names, "kind"], body)


def indicators(rng: Random, rows: int) -> Table:
    """Countries by year in long format: one value a row, of many sizes."""
    words, taken = Words(rng), set[str]()
    countries = [(name := words.name(3), initials(name, 3, taken), words.name(2))
                 for _ in range(rows // 52 + 1)]  # fmt: skip
    measures = [
        (f"{words.name()} {words.word()} ({unit})", words.code(2, 3), decimals,
         rng.lognormvariate(centre, 1), rng.uniform(0.98, 1.06))
        for unit, centre, decimals in (
            ("% of total", 3, 2), ("per 1,000 people", 1, 1), ("million", 8, 0), ("index", 4.6, 1)
        )
    ]  # fmt: skip
    header = ["country_name", "country_code", "continent", "series", "series_code", "year",
              "value", "status"]  # fmt: skip
    body: list[list[str]] = []
    for country, code, continent in countries:
        for series, series_code, decimals, centre, growth in measures:
            value = centre * rng.lognormvariate(0, 0.6)
            for year in range(2008, 2021):
                value *= growth * rng.uniform(0.98, 1.02)
                status = rng.choices(("final", "estimate", "provisional"), (8, 2, 1))[0]
                body.append([country, code, continent, series, series_code, str(year),
                             f"{value:.{decimals}f}", status])  # fmt: skip
    return Table(header, body[:rows])


def casts(rng: Random, rows: int) -> Table:
    """Films with several people and genres in one cell, and long texts."""
    words = Words(rng)
    people = [f"{words.name()} {words.family()}" for _ in range(max(60, rows // 3))]
    genres = [words.name() for _ in range(12)]
    places = [words.name(3) for _ in range(20)]
    header = ["title", "director", "actors", "genre", "country", "release_date", "year",
              "duration", "rating", "rating_count", "plot"]  # fmt: skip
    body: list[list[str]] = []
    for _ in range(rows):
        day = date(1950, 1, 1) + timedelta(days=rng.randrange(26000))
        body.append(
            [words.title(), ", ".join(rng.sample(people, rng.choices((1, 2), (6, 1))[0])),
             ", ".join(rng.sample(people, rng.randint(2, 4))),
             ",".join(rng.sample(genres, rng.randint(1, 3))),
             ", ".join(rng.sample(places, rng.choices((1, 2), (5, 1))[0])),
             f"{day.day} {day:%B} {day.year}", str(day.year), f"{round(rng.gauss(105, 18))} min",
             f"{min(9.5, max(2.0, rng.gauss(6.5, 1))):.1f}",
             f"{round(rng.lognormvariate(8, 1.7)):,}", _prose(words, rng, 8, 20)]
        )  # fmt: skip
    return Table(header, body)


def _prose(words: Words, rng: Random, least: int, most: int) -> str:
    said = [words.word(rng.choice((1, 1, 2, 3))) for _ in range(rng.randint(least, most))]
    return f"{' '.join(said).capitalize()}."


def members(rng: Random, rows: int) -> Table:
    """People of whom every one is the only one; a middle initial, a title, some fields empty."""
    words = Words(rng)
    header = ["member_no", "title", "last_name", "first_name", "middle", "sex", "date_of_birth",
              "email", "mobile", "address", "city", "state", "zip", "balance"]  # fmt: skip
    states = [words.code(2, 1)[:2] for _ in range(15)]
    body: list[list[str]] = []
    for number in range(rows):
        sex, first, last = rng.choice("FM"), words.name(), words.family()
        title = rng.choice(("Ms", "Dr", "") if sex == "F" else ("Mr", "Dr", ""))
        born = date(1935, 1, 1) + timedelta(days=rng.randrange(26000))
        local = "".join(c for c in f"{first[0]}{last}".lower() if c.isascii() and c.isalnum())
        mail = f"{local}{rng.choice(('', str(born.year)[2:]))}@{words.word()}.example"
        body.append(
            [f"M{20000 + 7 * number}", title, last, first, rng.choice(("", "A.", "J.", "M.", "R.")),
             sex, f"{born:%m/%d/%Y}", mail, f"({rng.randint(201, 989)}) {rng.randint(200, 999)}-"
             f"{rng.randint(0, 9999):04}", words.street(), words.place(), rng.choice(states),
             f"{rng.randint(1000, 99999):05}", f"{rng.lognormvariate(5, 1):.2f}"]
        )  # fmt: skip
    return Table(header, body)


def catalogue(rng: Random, rows: int) -> Table:
    """Goods with free text, dimensions in one cell, prices with their sign."""
    words = Words(rng)
    brands = [words.name(rng.choice((1, 2))) for _ in range(max(8, rows // 12))]
    kinds = [f"{words.name()} > {words.name()}" for _ in range(14)]
    colours = [words.word(1) for _ in range(9)]
    header = ["id", "name", "brand", "category", "description", "colour", "dimensions", "weight",
              "price", "model", "manual"]  # fmt: skip
    body: list[list[str]] = []
    for number in range(rows):
        brand, colour, model = rng.choice(brands), rng.choice(colours), words.code(3, 3)
        what = f"{words.word()} {words.word(1)}"
        sizes = " x ".join(f"{rng.uniform(2, 90):.1f}" for _ in range(3))
        body.append(
            [str(1000 + 3 * number), f"{brand} {what.title()} {colour} - {model.replace('-', '')}",
             brand, rng.choice(kinds), f"{brand} {what}. {_prose(words, rng, 5, 24)}", colour,
             f"{sizes} cm", rng.choice((f"{rng.uniform(0.1, 30):.2f} kg", "")),
             f"${rng.lognormvariate(4, 1):.2f}", model, rng.choices(("yes", "no"), (1, 5))[0]]
        )  # fmt: skip
    return Table(header, body)


def roster(rng: Random, rows: int) -> Table:
    """A squad list; meant for 200 rows and fewer."""
    words = Words(rng)
    clubs = [(f"{words.place()} {rng.choice(('City', 'Town', 'SC'))}", words.name(2))
             for _ in range(max(3, rows // 16))]  # fmt: skip
    header = ["player", "club", "league", "position", "shirt", "born", "height", "weight_kg",
              "foot", "games", "goals", "value"]  # fmt: skip
    body: list[list[str]] = []
    for number in range(rows):
        club, league = clubs[number % len(clubs)]
        tall, games = rng.gauss(1.83, 0.06), rng.randrange(120)
        born = date(1988, 1, 1) + timedelta(days=rng.randrange(6000))
        body.append(
            [f"{words.name()} {words.family()}", club, league,
             rng.choice(("Goalkeeper", "Defender", "Midfielder", "Forward")),
             str(rng.randint(1, 40)), f"{born:%d.%m.%Y}", f"{tall:.2f} m",
             str(round(22.8 * tall * tall + rng.gauss(0, 3))), rng.choice(("right", "left")),
             str(games), str(round(games * rng.betavariate(1, 5))),
             f"€{rng.lognormvariate(0.5, 0.9):.1f}m"]
        )  # fmt: skip
    return Table(header, body)


def survey(rng: Random, rows: int) -> Table:
    """Forty columns: answers on scales, a few numbers, a few words."""
    words = Words(rng)
    towns = [(words.place(), words.name(2)) for _ in range(12)]
    scale = ("strongly disagree", "disagree", "neutral", "agree", "strongly agree")
    asked = [rng.choice(("number", "number", "words", "yes")) for _ in range(30)]
    header = ["respondent", "town", "district", "age", "age_group", "household", "income",
              "minutes", "started", "job", *(f"q{n + 1:02}" for n in range(30))]  # fmt: skip
    jobs = [f"{words.name()} worker" if rng.random() < 0.3 else words.name() for _ in range(20)]
    body: list[list[str]] = []
    for number in range(rows):
        town, district = rng.choice(towns)
        age, mood = rng.randint(18, 88), rng.gauss(0, 1)
        answers: list[str] = []
        for kind in asked:
            level = min(4, max(0, round(2 + mood + rng.gauss(0, 0.8))))
            said = {"number": str(level + 1), "words": scale[level]}
            answers.append(said.get(kind, "Yes" if level > 1 else "No"))
        low = age // 10 * 10
        began = date(2021, 3, 1) + timedelta(days=rng.randrange(60))
        body.append(
            [f"R{number + 1:05}", town, district, str(age), f"{low}-{low + 9}",
             str(rng.choices((1, 2, 3, 4, 5, 6), (5, 6, 3, 3, 1, 1))[0]),
             str(100 * round(rng.lognormvariate(3.3, 0.5))), f"{rng.lognormvariate(2.6, 0.4):.1f}",
             f"{began:%d/%m/%Y}", rng.choice(jobs), *answers]
        )  # fmt: skip
    return Table(header, body)


def licences(rng: Random, rows: int) -> Table:
    """A city's register, in capitals throughout, with several rows for some firms."""
    words = Words(rng)
    kinds = [f"{words.name()} {words.word()}".upper() for _ in range(10)]
    firms: list[tuple[str, ...]] = []
    for number in range(max(10, round(rows / 1.8))):
        name = words.company().upper() + rng.choice(("", " LLC", " INC"))
        street = f"{rng.randint(1, 9900)} {rng.choice('NSEW')} {words.name().upper()} "
        street += rng.choice(("ST", "AVE", "BLVD", "RD"))
        firms.append((str(300000 + 11 * number), name, street, f"606{rng.randint(1, 40):02}",
                      str(rng.randint(1, 50)), f"41.{rng.randint(650, 999)}",
                      f"-87.{rng.randint(530, 900)}"))  # fmt: skip
    header = ["licence", "name", "address", "zip", "ward", "latitude", "longitude", "kind", "risk",
              "inspected", "result"]  # fmt: skip
    risks = {kind: rng.choice(("HIGH (1)", "MEDIUM (2)", "LOW (3)")) for kind in kinds}
    trades = {firm[0]: rng.choice(kinds) for firm in firms}
    body: list[list[str]] = []
    for _ in range(rows):
        firm = rng.choice(firms)
        day = date(2015, 1, 1) + timedelta(days=rng.randrange(2000))
        kind = trades[firm[0]]
        body.append([*firm, kind, risks[kind], f"{day:%m/%d/%Y}",
                     rng.choices(("PASS", "FAIL", "PASS W/ CONDITIONS", "NO ENTRY"),
                                 (6, 2, 2, 1))[0]])  # fmt: skip
    return Table(header, body)


def archive(rng: Random, rows: int) -> Table:
    """Documents in another alphabet, with decimal commas and dates by day."""
    words = Words(rng)
    authors = [f"{words.name()} {words.name(1)[0]}. {words.family()}" for _ in range(rows // 6 + 4)]
    towns = [(words.place(), words.name(2)) for _ in range(18)]
    header = ["shelf", "title", "author", "town", "region", "dated", "pages", "fee", "note"]
    body: list[list[str]] = []
    for number in range(rows):
        town, region = rng.choice(towns)
        day = date(1890, 1, 1) + timedelta(days=rng.randrange(20000))
        told = [words.title(), rng.choice(authors), town, region]
        body.append(
            [f"{100 + number // 40}/{number % 40 + 1}", *(_written(one) for one in told),
             f"{day:%d.%m.%Y}", str(rng.randint(1, 480)),
             f"{rng.lognormvariate(2, 0.8):.2f}".replace(".", ","),
             rng.choice(("", _written(_prose(words, rng, 2, 6))))]
        )  # fmt: skip
    return Table(header, body)


def _written(text: str) -> str:
    """The text in Cyrillic letters."""
    return text.translate(_CYRILLIC)


SPARSE: dict[str, Callable[[Random, int], Table]] = {
    "measurements": measurements,
    "indicators": indicators,
    "casts": casts,
    "members": members,
    "catalogue": catalogue,
    "roster": roster,
    "survey": survey,
    "licences": licences,
    "archive": archive,
}
