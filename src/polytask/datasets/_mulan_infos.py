"""Descriptions of Mulan's data sets: tasks, sources and digests."""

from __future__ import annotations

from polytask.datasets._info import DatasetInfo
from polytask.datasets._public_file import PublicFile

__all__ = ["MULAN", "PREFIX"]

PREFIX = "mulan-"
_MULAN = "https://raw.githubusercontent.com/tsoumakas/mulan/43f6389095ad71984264db4387a8074b22bc7d4a/data"
_LARGE = (
    "https://raw.githubusercontent.com/Zhendong-Wang/Probabilistic-Conformal-Prediction/"
    "e6f505beaf07f208cb496f85ac91fd37482677c6/data"
)
_EXPANSION = (
    "E. Spyromitros-Xioufis et al., Multi-target regression via input space expansion, "
    "Machine Learning 104, 2016"
)
_FLIGHTS = ("ALLminpA", "ALLminp0", "aDLminpA", "aCOminpA", "aFLminpA", "aUAminpA")
_GAUGES = ("CHSI2", "NASI2", "EADM7", "SCLM7", "CLKM7", "VALI2", "NAPM7", "DLDI4")
_PLANTS = ("25400", "29600", "30400", "33400", "17300", "19400", "34500")
_ANIMALS = ("38100", "49700", "50390", "55800", "57500", "59300", "37880")
_MOODS = ("amazed-suprised", "happy-pleased", "relaxing-calm", "quiet-still", "sad-lonely")


def _info(
    name: str,
    description: str,
    rows: int,
    tasks: tuple[str, ...],
    files: tuple[PublicFile, ...],
    citation: str,
    *,
    kind: str,
) -> DatasetInfo:
    split = ("--split column:split",) if len(files) == 2 else ()
    return DatasetInfo(
        name=PREFIX + name,
        description=description,
        rows=rows,
        tasks=tasks,
        licence="not stated",
        citation=citation,
        flags=" ".join([*(f"--target {task}:{kind}" for task in tasks), *split]),
        files=files,
    )


def _regression(
    name: str,
    description: str,
    rows: int,
    tasks: tuple[str, ...],
    size: int,
    digest: str,
    *,
    citation: str = _EXPANSION,
    source: str = f"{_MULAN}/multi-target",
) -> DatasetInfo:
    file = PublicFile(f"mulan_mtr/{name}.arff", size, digest, (f"{source}/{name}.arff",))
    return _info(name, description, rows, tasks, (file,), citation, kind="regression")


def _labels_file(folder: str, name: str, size: int, digest: str) -> PublicFile:
    url = f"{_MULAN}/multi-label/{folder}/{name}.arff"
    return PublicFile(f"mulan_mlc/{name}.arff", size, digest, (url,))


MULAN = (
    _regression(
        "atp1d",
        "Lowest prices of air tickets on the next day, six preferences for flights",
        337,
        tuple(f"LBL+{flight}+fut_001" for flight in _FLIGHTS),
        1_103_985,
        "ed935ba476c4994ba40d6712d590fb389709cceba7cf7dbbb33ef28c84762bb9",
    ),
    _info(
        "emotions",
        "Six moods of songs",
        593,
        (*_MOODS, "angry-aggresive"),
        (
            _labels_file(
                "emotions",
                "emotions",
                380_476,
                "6f2f790047073d1293ac0872c0d55f2dc98b6177802fc96c6b66b309dfee1e4b",
            ),
        ),
        "K. Trohidis et al., Multilabel classification of music into emotions, ISMIR 2008",
        kind="binary",
    ),
    _regression(
        "enb",
        "Heating and cooling load of buildings",
        768,
        ("Y1", "Y2"),
        40_203,
        "8277d9094ccda6da2cd1c2b79c90ca201fa3695e75aca173ffc43138dcab0071",
        citation="A. Tsanas and A. Xifara, Accurate quantitative estimation of energy performance "
        "of residential buildings, Energy and Buildings 49, 2012",
    ),
    _regression(
        "jura",
        "Three heavy metals in the soil of the Swiss Jura",
        359,
        ("Cd", "Co", "Cu"),
        24_681,
        "78ce7655f49073e3622ef7ba25657b3900a2b279ba3d48cb82e353e56bac3d2a",
        citation="P. Goovaerts, Geostatistics for natural resources evaluation, 1997",
    ),
    _regression(
        "osales",
        "Sales of products in each of the twelve months after their launch, with missing inputs",
        639,
        tuple(f"Outcome_M{month}" for month in range(1, 13)),
        579_399,
        "c9c656c7e0131ad1c3f427cea7828f2ed315ec80da6d6f43c05b40b87257efe5",
        citation="Kaggle, Online product sales, 2012",
    ),
    _regression(
        "rf1",
        "Flow of a river at eight gauges in 48 hours",
        9125,
        tuple(f"{gauge}_48H__0" for gauge in _GAUGES),
        3_019_482,
        "994f9e334811e040d2002e46d3ce06504e5d441249bf65448f53d6ea24b33cf0",
        source=_LARGE,
    ),
    _regression(
        "scm20d",
        "Prices of sixteen products of a supply chain, mean of 20 days ahead",
        8966,
        ("LBL", *(f"MTLp{product}A" for product in range(2, 17))),
        3_722_993,
        "2261a94bff5cfb617dbd2e7fd2c17d15d45135103a081917d1358c2ad13a4bd2",
        source=_LARGE,
    ),
    _regression(
        "wq",
        "Abundance of seven plants and seven animals in Slovenian rivers, by their code numbers",
        1060,
        (*_PLANTS, *_ANIMALS),
        316_219,
        "4a0906b4a51bf52c986790ddaf261ba51faa3da9cffe823badabd88d38d252fe",
        citation="S. Džeroski, D. Demšar and J. Grbović, Predicting chemical parameters of river "
        "water quality from bioindicator data, Applied Intelligence 13, 2000",
    ),
    _info(
        "yeast",
        "Fourteen functional classes of the genes of yeast",
        2417,
        tuple(f"Class{number}" for number in range(1, 15)),
        (
            _labels_file(
                "yeast",
                "yeast-train",
                1_501_117,
                "e759dc991ff54694a4ff9c4314f3be0d6fd2b1994a4b563f57e416394c6aebbd",
            ),
            _labels_file(
                "yeast",
                "yeast-test",
                918_515,
                "4aaac102bff9669a765bf0b378602e5cc8c3b181048282e2f003117b496d552a",
            ),
        ),
        "A. Elisseeff and J. Weston, A kernel method for multi-labelled classification, NeurIPS "
        "2001",
        kind="binary",
    ),
)
