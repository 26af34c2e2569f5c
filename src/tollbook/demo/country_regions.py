"""Parts of countries in the demo book: states, provinces and the like, in their own spelling."""

from typing import Final

from tollbook.catalog.models import Region

_REGIONS: Final = (
    ("AE", ("DU", "Dubayy"), ("AZ", "Abū Z̧aby")),
    ("AU", ("NSW", "New South Wales"), ("QLD", "Queensland"), ("VIC", "Victoria")),
    ("BR", ("CE", "Ceará"), ("GO", "Goiás"), ("SP", "São Paulo")),
    ("CA", ("BC", "British Columbia"), ("ON", "Ontario"), ("QC", "Québec")),
    ("CH", ("GE", "Genève"), ("GR", "Graubünden"), ("ZH", "Zürich")),
    ("DE", ("BW", "Baden-Württemberg"), ("BY", "Bayern"), ("TH", "Thüringen")),
    ("ES", ("CT", "Catalunya [Cataluña]"), ("MD", "Comunidad de Madrid")),
    ("FI", ("18", "Uusimaa"), ("19", "Varsinais-Suomi")),
    ("FR", ("69", "Rhône"), ("974", "La Réunion"), ("IDF", "Île-de-France")),
    ("GB", ("ENG", "England"), ("NIR", "Northern Ireland"), ("SCT", "Scotland")),
    ("IT", ("BZ", "Bolzano/Bozen"), ("RM", "Roma")),
    ("JP", ("13", "Tōkyō"), ("27", "Ōsaka")),
    ("PL", ("12", "Małopolskie"), ("10", "Łódzkie")),
    ("SE", ("AB", "Stockholms län"), ("M", "Skåne län"), ("O", "Västra Götalands län")),
    ("US", ("CA", "California"), ("NY", "New York"), ("OR", "Oregon"), ("TX", "Texas")),
)  # fmt: skip


def country_regions() -> list[Region]:
    """The rows, numbered from one."""
    named = [(country, *region) for country, *regions in _REGIONS for region in regions]
    return [
        Region(id=number, country_id=country, code=code, name=name)
        for number, (country, code, name) in enumerate(named, start=1)
    ]
