"""A hundred thousand merchants that nobody ever saw: city, brand, trade, form. The same ones every time."""
import hashlib
from collections.abc import Iterator

from chalicelib.domain.search import Entry

CITIES = {
    "宁波市": "ning bo shi", "宁波": "ning bo", "杭州": "hang zhou", "绍兴": "shao xing", "温州": "wen zhou", "台州": "tai zhou",
    "嘉兴": "jia xing", "鄞州区": "yin zhou qu", "海曙区": "hai shu qu", "": "",
}  # fmt: skip
SYLLABLES = {
    "甬": "yong", "尚": "shang", "月": "yue", "湖": "hu", "江": "jiang", "南": "nan", "北": "bei", "东": "dong", "方": "fang", "明": "ming",
    "华": "hua", "美": "mei", "丽": "li", "佳": "jia", "人": "ren", "天": "tian", "一": "yi", "阁": "ge", "鼎": "ding", "盛": "sheng",
    "源": "yuan", "福": "fu", "泰": "tai", "康": "kang", "宁": "ning", "安": "an", "和": "he", "兴": "xing", "隆": "long", "昌": "chang",
    "金": "jin", "银": "yin", "玉": "yu", "珠": "zhu", "宝": "bao", "龙": "long", "凤": "feng", "云": "yun", "海": "hai", "山": "shan",
    "水": "shui", "木": "mu", "林": "lin", "森": "sen", "青": "qing", "春": "chun", "夏": "xia", "秋": "qiu", "雨": "yu", "雪": "xue",
    "风": "feng", "花": "hua", "草": "cao", "百": "bai", "合": "he", "兰": "lan", "竹": "zhu", "梅": "mei", "菊": "ju", "荷": "he",
    "乐": "le", "欢": "huan", "喜": "xi", "庆": "qing", "祥": "xiang", "瑞": "rui", "吉": "ji", "利": "li", "达": "da", "通": "tong",
    "顺": "shun", "发": "fa", "财": "cai", "富": "fu", "贵": "gui", "荣": "rong", "光": "guang", "辉": "hui", "星": "xing", "辰": "chen",
    "小": "xiao", "大": "da", "老": "lao", "新": "xin", "好": "hao", "优": "you", "真": "zhen", "善": "shan", "诚": "cheng", "信": "xin",
}  # fmt: skip
TRADES = {
    "美发": ("mei fa", "beauty"), "美容": ("mei rong", "beauty"), "美甲": ("mei jia", "beauty"), "养生": ("yang sheng", "beauty"),
    "餐饮": ("can yin", "catering"), "火锅": ("huo guo", "catering"), "茶馆": ("cha guan", "catering"),
    "烘焙": ("hong bei", "catering"), "生鲜": ("sheng xian", "fresh_food"), "水果": ("shui guo", "fresh_food"),
    "洗衣": ("xi yi", "life_services"), "家政": ("jia zheng", "life_services"), "宠物": ("chong wu", "life_services"),
    "培训": ("pei xun", "education"), "健身": ("jian shen", "fitness"), "瑜伽": ("yu jia", "fitness"),
    "洗车": ("xi che", "automotive"),
}  # fmt: skip
FORMS = {
    "有限公司": "you xian gong si", "店": "dian", "中心": "zhong xin", "工作室": "gong zuo shi", "商行": "shang hang", "馆": "guan",
    "个体工商户": "ge ti gong shang hu",
}  # fmt: skip
DISTRICTS = tuple(f"3302{number:02d}" for number in (3, 5, 6, 11, 12, 13, 25, 26, 81, 82))


def entries(count: int) -> Iterator[Entry]:
    """Names mostly differ, and a few are the same, as in life. One in twenty is stopped, one in a hundred has Latin letters."""
    for number in range(count):
        yield _entry(number)


def _entry(number: int) -> Entry:
    chance = iter(hashlib.sha256(f"merchant {number}".encode()).digest())
    city = _one(CITIES, chance)
    brand = [_one(SYLLABLES, chance) for _ in range(2 + next(chance) % 2)]
    trade, form = _one(TRADES, chance), _one(FORMS, chance)
    spelling = [*CITIES[city].split(), *(SYLLABLES[char] for char in brand), *TRADES[trade][0].split(), *FORMS[form].split()]
    name = city + "".join(brand) + trade + form
    if next(chance) < 3:
        name, spelling = f"K9{name}", ["k9", *spelling]
    state = "sales_stopped" if next(chance) < 13 else "active"
    return Entry(
        merchant_id=f"mch_{number:026d}", name=name, district=_one(DISTRICTS, chance), industry=TRADES[trade][1], state=state,
        key=name.lower(), spelling=tuple(spelling), initials="".join(part[0] for part in spelling),
    )  # fmt: skip


def _one(words: "dict[str, object] | dict[str, str] | tuple[str, ...]", chance: Iterator[int]) -> str:
    listed = list(words)
    return listed[(next(chance) << 8 | next(chance)) % len(listed)]
