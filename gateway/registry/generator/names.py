"""Common name words, Khmer and Latin: surnames, women's and men's given names, places, trades."""

from __future__ import annotations

Word = tuple[str, str]

SURNAMES: tuple[Word, ...] = (
    ("សុខ", "SOK"), ("ចាន់", "CHAN"), ("ជា", "CHEA"), ("គឹម", "KIM"), ("លី", "LY"),
    ("ហេង", "HENG"), ("កែវ", "KEO"), ("ឡុង", "LONG"), ("ម៉ៅ", "MAO"), ("មាស", "MEAS"),
    ("នួន", "NUON"), ("អ៊ុក", "OUK"), ("ប៉ែន", "PEN"), ("ភាន់", "PHAN"), ("ប្រាក់", "PRAK"),
    ("រស់", "ROS"), ("សំ", "SAM"), ("សេង", "SENG"), ("ស៊ឹម", "SIM"), ("សួន", "SUON"),
    ("តាន់", "TAN"), ("ទេព", "TEP"), ("ថោង", "THONG"), ("អ៊ុំ", "UM"), ("វ៉ាន់", "VAN"),
    ("យិន", "YIN"), ("យឹម", "YIM"), ("ឈឹម", "CHHIM"), ("ឌុច", "DUCH"), ("ហួត", "HUOT"),
    ("អ៊ិន", "IN"), ("ខៀវ", "KHIEV"), ("កុង", "KONG"), ("លឹម", "LIM"), ("ម៉ម", "MOM"),
    ("នាង", "NEANG"), ("ពៅ", "POV"), ("ផល", "PHAL"), ("សាន", "SAN"), ("ស៊ន", "SORN"),
    ("ទូច", "TOUCH"), ("វង្ស", "VONG"), ("ឈួន", "CHHUON"), ("ឃុន", "KHUN"), ("នៅ", "NOV"),
    ("ប៊ុន", "BUN"), ("ចេង", "CHENG"), ("ទិត", "TITH"),
)  # fmt: skip
WOMEN: tuple[Word, ...] = (
    ("ស្រីមុំ", "SREY MOM"), ("ស្រីពៅ", "SREY POV"), ("ស្រីនាង", "SREY NEANG"),
    ("ស្រីល័ក្ខ", "SREY LEAK"), ("ស្រីរ័ត្ន", "SREY ROTH"), ("ចាន់ថា", "CHANTHA"),
    ("សុភា", "SOPHEA"), ("សុខា", "SOKHA"), ("បុប្ផា", "BOPHA"), ("កុលាប", "KOLAB"),
    ("ចន្ធូ", "CHANTHOU"), ("ដាវី", "DAVY"), ("កល្យាណ", "KALYAN"), ("លក្ខិណា", "LEAKHENA"),
    ("ម៉ាលី", "MALY"), ("មុន្នី", "MONY"), ("នារី", "NEARY"), ("និមល", "NIMOL"),
    ("ភក្តី", "PHEAKDEY"), ("ពិសី", "PISEY"), ("ផល្លា", "PHALLA"), ("រដ្ឋា", "RATHA"),
    ("រស្មី", "REAKSMEY"), ("សម្ភស្ស", "SAMPHORS"), ("សុជាតា", "SOCHEATA"),
    ("សុវណ្ណា", "SOVANNA"), ("ស្រីណុច", "SREY NUCH"), ("តារា", "TARA"), ("ធីតា", "THIDA"),
    ("វណ្ណា", "VANNA"), ("វិច្ឆិកា", "VICHEKA"), ("យ៉ារី", "YARY"), ("ចរិយា", "CHAKRIYA"),
    ("ឧត្តមា", "OUDOMA"), ("រចនា", "RACHANA"), ("សុផល", "SOPHAL"), ("សារឿន", "SAROEUN"),
    ("ណារី", "NARY"), ("ច័ន្ទរី", "CHANRY"), ("មករា", "MAKARA"),
)  # fmt: skip
MEN: tuple[Word, ...] = (
    ("បូរី", "BOREY"), ("ប៊ុនធឿន", "BUNTHOEUN"), ("ចាន់ណា", "CHANNA"), ("ដារ៉ា", "DARA"),
    ("គឹមហុង", "KIMHONG"), ("កុសល", "KOSAL"), ("មករា", "MAKARA"), ("មុនី", "MONY"),
    ("ណារិទ្ធ", "NARITH"), ("ពិសិដ្ឋ", "PISETH"), ("ផល្លា", "PHALLA"), ("ភារុណ", "PHEARUN"),
    ("រតនា", "RATANA"), ("រិទ្ធី", "RITHY"), ("សំណាង", "SAMNANG"), ("សម្បត្តិ", "SAMBATH"),
    ("សុភ័ក្ត្រ", "SOPHEAK"), ("សុខុម", "SOKHOM"), ("សុវណ្ណ", "SOVANN"), ("សុធា", "SOTHEA"),
    ("តារា", "TARA"), ("វណ្ណៈ", "VANNAK"), ("វិចិត្រ", "VICHET"), ("វិរៈ", "VIREAK"),
    ("វិសាល", "VISAL"), ("ឧត្តម", "OUDOM"), ("រដ្ឋា", "RATHA"), ("ម៉េងហួរ", "MENGHOUR"),
    ("សុផល", "SOPHAL"), ("សារិន", "SARIN"), ("ចំរើន", "CHAMROEUN"), ("ធារ៉ា", "THEARA"),
    ("វុទ្ធី", "VUTHY"), ("សុខហេង", "SOKHENG"), ("ពន្លឺ", "PONLEU"), ("កក្កដា", "KAKADA"),
    ("បញ្ញា", "PANHA"), ("សីហា", "SEYHA"), ("តុលា", "TOLA"), ("ភិរម្យ", "PHIROM"),
)  # fmt: skip
PLACES: tuple[Word, ...] = (
    ("ស្វាយ", "Svay"), ("ព្រែក", "Prek"), ("ជ្រៃ", "Chrey"), ("ទួល", "Tuol"), ("អូរ", "Ou"),
    ("ត្រពាំង", "Trapeang"), ("ភ្នំ", "Phnum"), ("កោះ", "Kaoh"), ("ពាម", "Peam"),
    ("អណ្តូង", "Andoung"), ("ចំការ", "Chamkar"), ("ស្ទឹង", "Stueng"), ("វាល", "Veal"),
    ("បឹង", "Boeng"), ("ដំណាក់", "Damnak"), ("រលួស", "Roluos"), ("ក្រាំង", "Krang"),
    ("តាំង", "Tang"), ("ព្រៃ", "Prey"), ("ក្បាល", "Kbal"),
)  # fmt: skip
PLACE_ENDINGS: tuple[Word, ...] = (
    ("ថ្មី", "Thmei"), ("ចាស់", "Chas"), ("ធំ", "Thum"), ("តូច", "Touch"), ("លើ", "Leu"),
    ("ក្រោម", "Kraom"), ("ជ្រុំ", "Chrum"), ("ស", "Sar"), ("ក្រហម", "Krahom"),
    ("មាស", "Meas"), ("ប្រាក់", "Prak"), ("ជ័យ", "Chey"), ("ទឹក", "Teuk"), ("ដំរី", "Damrei"),
    ("ស្នួល", "Snuol"), ("រកា", "Roka"), ("ល្វា", "Lvea"), ("ត្នោត", "Thnaot"),
    ("អំពិល", "Ampil"), ("ពោធិ៍", "Pou"), ("ធ្លក", "Thlok"), ("តាសោម", "Ta Saom"),
    ("សង្កែ", "Sangkae"), ("ឫស្សី", "Ruessei"),
)  # fmt: skip
SECTORS: tuple[tuple[str, int], ...] = (
    ("garment", 30), ("footwear", 9), ("construction", 10), ("retail", 14), ("hotel", 9),
    ("restaurant", 6), ("transport", 5), ("manufacturing", 7), ("finance", 4), ("education", 3),
    ("agriculture", 2), ("security", 1),
)  # fmt: skip
OCCUPATIONS = (
    "tuk-tuk driver",
    "market seller",
    "farmer",
    "tailor",
    "mechanic",
    "barber",
    "fisher",
)
