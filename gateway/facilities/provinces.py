"""The 25 provinces: ISO 3166-2:KH code, Latin and Khmer name. Pure; read by codes and the feed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Province:
    """One province or the capital."""

    code: str
    name_en: str
    name_km: str


_NAMES = (
    ("Banteay Meanchey", "បន្ទាយមានជ័យ"),
    ("Battambang", "បាត់ដំបង"),
    ("Kampong Cham", "កំពង់ចាម"),
    ("Kampong Chhnang", "កំពង់ឆ្នាំង"),
    ("Kampong Speu", "កំពង់ស្ពឺ"),
    ("Kampong Thom", "កំពង់ធំ"),
    ("Kampot", "កំពត"),
    ("Kandal", "កណ្តាល"),
    ("Koh Kong", "កោះកុង"),
    ("Kratie", "ក្រចេះ"),
    ("Mondul Kiri", "មណ្ឌលគិរី"),
    ("Phnom Penh", "ភ្នំពេញ"),
    ("Preah Vihear", "ព្រះវិហារ"),
    ("Prey Veng", "ព្រៃវែង"),
    ("Pursat", "ពោធិ៍សាត់"),
    ("Ratanak Kiri", "រតនគិរី"),
    ("Siem Reap", "សៀមរាប"),
    ("Preah Sihanouk", "ព្រះសីហនុ"),
    ("Stung Treng", "ស្ទឹងត្រែង"),
    ("Svay Rieng", "ស្វាយរៀង"),
    ("Takeo", "តាកែវ"),
    ("Oddar Meanchey", "ឧត្តរមានជ័យ"),
    ("Kep", "កែប"),
    ("Pailin", "ប៉ៃលិន"),
    ("Tboung Khmum", "ត្បូងឃ្មុំ"),
)
PROVINCES = tuple(
    Province(f"KH-{index}", latin, khmer) for index, (latin, khmer) in enumerate(_NAMES, start=1)
)
PROVINCE_CODES = tuple(province.code for province in PROVINCES)
