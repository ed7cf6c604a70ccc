"""The model: everything a score depends on besides the two people, numbered and frozen."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _
from eccube_sync.linkage.candidates import KEYS, NEIGHBOURS, common_keys
from eccube_sync.linkage.frequencies import (
    FrequencyTable,
    births,
    decode,
    encode,
    find_shared,
    fit_frequencies,
    hashed_numbers,
    homes,
)
from eccube_sync.linkage.normalise import NORMALISER_VERSION
from eccube_sync.linkage.weights import (
    DEFAULT_WEIGHTS,
    EXPECTED_OVERLAP,
    RELATIVES_PER_PERSON,
    LevelWeight,
    Weights,
)
from eccube_sync.matchers import NO_DATE, Integers, Prepared, Text

CAUTIOUS = 0.99
"""The probability from which a machine links as long as no pairs have been scored."""

_SMALLEST_SIDE = 1000  # a shop of ten members is no reason to believe a coincidence


@dataclass(frozen=True, slots=True)
class Settings:
    """What the shop decides: how many links must be right, from where a person is asked, how ties are taken.

    ``wanted_precision``: the share of a machine's links that must be right; ``link_at`` fixes the probability from
    which it links instead. ``review_at``: the probability from which a person is asked.
    ``tie_bits``: how much better the best of several different people must be to be chosen without a human.
    ``max_block``: a key that more people of one side share is not followed. A name is one fact only, so it is
    ``most_namesakes`` for whole names as written, ``most_homophones`` for them as read, and ``most_neighbours`` for
    half a name and a place.
    ``several_accounts``: whether a member may be linked to several customers who are one person.
    """

    wanted_precision: float = 0.999
    link_at: float | None = None
    review_at: float = 0.1
    tie_bits: float = 8.0
    max_block: int = 200
    most_namesakes: int = 16
    most_homophones: int = 5
    most_neighbours: int = 2
    several_accounts: bool = False

    def key_limits(self) -> dict[str, int]:
        """How many people of one side may share a key of each kind."""
        names = {"full_name": self.most_namesakes, "full_kana": self.most_homophones}
        return dict.fromkeys(KEYS, self.max_block) | dict.fromkeys(NEIGHBOURS, self.most_neighbours) | names


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A numbered set of weights, frequencies, shared values and thresholds.

    ``prior``: log2 of the odds that a customer and a member drawn at random are one person.
    ``relatives``: the share of other pairs that are of one household.
    ``link_at``: the probability from which a machine links.
    ``shared``: values that are no evidence, by column. ``common``: blocking keys that are not followed.
    """

    number: int
    settings: Settings
    weights: Weights
    prior: float
    relatives: float
    frequencies: Mapping[str, FrequencyTable]
    shared: Mapping[str, Integers]
    common: Integers
    link_at: float = CAUTIOUS

    def to_json(self) -> str:
        """One line of JSON without personal data: names, numbers and addresses stand in it as hashes."""
        return json.dumps(
            {
                "number": self.number,
                "normaliser": NORMALISER_VERSION,
                "settings": {name: getattr(self.settings, name) for name in Settings.__slots__},
                "weights": self.weights,
                "prior": self.prior,
                "relatives": self.relatives,
                "link_at": self.link_at,
                "frequencies": {name: table.to_json() for name, table in self.frequencies.items()},
                "shared": {name: encode(values) for name, values in self.shared.items()},
                "common": encode(self.common),
            },
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str) -> Model:
        """The model that ``to_json`` described.

        Raises ``ConfigurationError`` where it was made with another version of the normaliser: its frequencies
        are of values that no longer occur.
        """
        data = json.loads(text)
        if data["normaliser"] != NORMALISER_VERSION:
            raise ConfigurationError(
                _(
                    "Model {number} was made by another version of eccube-sync; make a new one with: matcher train"
                ).format(number=data["number"])
            )
        return cls(
            number=data["number"],
            settings=Settings(**data["settings"]),
            weights={
                field: {level: LevelWeight(*weight) for level, weight in levels.items()}
                for field, levels in data["weights"].items()
            },
            prior=data["prior"],
            relatives=data["relatives"],
            link_at=data["link_at"],
            frequencies={
                name: FrequencyTable.from_json(table) for name, table in data["frequencies"].items()
            },
            shared={name: decode(values) for name, values in data["shared"].items()},
            common=decode(data["common"]),
        )

    def probability(self, bits: np.ndarray) -> np.ndarray:
        """The probability of a match that these bits and the prior make."""
        return 1 / (1 + np.exp2(-np.clip(bits.astype(np.float64) + self.prior, -200, 200)))


def fit_model(
    number: int,
    customers: Prepared,
    members: Prepared,
    settings: Settings | None = None,
    weights: Weights = DEFAULT_WEIGHTS,
) -> Model:
    """A model for these two sides: their sizes, frequencies, shared values and common keys, and given weights."""
    settings = settings or Settings()
    size = max(len(customers), len(members), _SMALLEST_SIDE)
    common = [common_keys(side, settings.key_limits()) for side in (customers, members)]
    return Model(
        number=number,
        settings=settings,
        weights=weights,
        prior=math.log2(EXPECTED_OVERLAP / size),
        relatives=RELATIVES_PER_PERSON / size,
        frequencies=fit_frequencies(customers, members),
        shared=find_shared(customers, members),
        common=np.union1d(*common),
        link_at=settings.link_at or CAUTIOUS,
    )


def without_shared(model: Model, people: Prepared) -> Prepared:
    """The same people with every value the model calls shared taken away."""
    shared = model.shared
    house = np.where(np.isin(homes(people), shared["homes"]), 0, people.house)
    return replace(
        people,
        mobiles=np.where(np.isin(hashed_numbers(people.mobiles), shared["mobiles"]), 0, people.mobiles),
        landlines=np.where(
            np.isin(hashed_numbers(people.landlines), shared["landlines"]), 0, people.landlines
        ),
        emails=_blanked(people.emails, shared["emails"]),
        mailboxes=_blanked(people.mailboxes, shared["mailboxes"]),
        birth=np.where(np.isin(births(people), shared["birth"]), NO_DATE, people.birth),
        house=house,
    )


def _blanked(text: Text, shared: Integers) -> Text:
    gone = np.isin(text.hashes, shared)
    if not gone.any():
        return text
    values = text.values.copy()
    values[gone] = ""
    return replace(text, values=values, hashes=np.where(gone, 0, text.hashes))
