"""A hundred thousand merchants that nobody ever saw: city, brand, trade, form. The same ones every time."""
import hashlib
from collections.abc import Iterator

from chalicelib.domain.search import Entry

CITIES = {
    "宁波市": "ning bo shi", "宁波": "ning bo", "杭州": "hang zhou", "绍兴": "shao xing", "温州": "wen zhou", "台州": "tai zhou",
    "嘉兴": "jia xing", "鄞州区": "yin zhou qu", "海曙区": "hai shu qu", "": "",
}  # fmt: skip
_BRANDS = (
    "甬yong 尚shang 月yue 湖hu 江jiang 南nan 北bei 东dong 方fang 明ming 华hua 美mei 丽li 佳jia 人ren 天tian 一yi 阁ge "
    "鼎ding 盛sheng 源yuan 福fu 泰tai 康kang 宁ning 安an 和he 兴xing 隆long 昌chang 金jin 银yin 玉yu 珠zhu 宝bao 龙long "
    "凤feng 云yun 海hai 山shan 水shui 木mu 林lin 森sen 青qing 春chun 夏xia 秋qiu 雨yu 雪xue 风feng 花hua 草cao 百bai "
    "合he 兰lan 竹zhu 梅mei 菊ju 荷he 乐le 欢huan 喜xi 庆qing 祥xiang 瑞rui 吉ji 利li 达da 通tong 顺shun 发fa 财cai 富fu "
    "贵gui 荣rong 光guang 辉hui 星xing 辰chen 小xiao 大da 老lao 新xin 好hao 优you 真zhen 善shan 诚cheng 信xin "
)
SYLLABLES = {spelt[0]: spelt[1:] for spelt in _BRANDS.split()}
TRADES = {
    "美发": ("mei fa", "beauty"), "美容": ("mei rong", "beauty"), "美甲": ("mei jia", "beauty"), "养生": ("yang sheng", "beauty"),
    "餐饮": ("can yin", "catering"), "火锅": ("huo guo", "catering"), "茶馆": ("cha guan", "catering"),
    "烘焙": ("hong bei", "catering"), "生鲜": ("sheng xian", "fresh_food"), "水果": ("shui guo", "fresh_food"),
    "洗衣": ("xi yi", "life_services"), "家政": ("jia zheng", "life_services"), "宠物": ("chong wu", "life_services"),
    "培训": ("pei xun", "education"), "健身": ("jian shen", "fitness"), "瑜伽": ("yu jia", "fitness"),
    "洗车": ("xi che", "automotive"),
}  # fmt: skip
FORMS = {
    "有限公司": "you xian gong si", "店": "dian", "中心": "zhong xin", "工作室": "gong zuo shi", "商行": "shang hang",
    "馆": "guan", "个体工商户": "ge ti gong shang hu",
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
    brands = [SYLLABLES[char] for char in brand]
    spelling = [*CITIES[city].split(), *brands, *TRADES[trade][0].split(), *FORMS[form].split()]
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
