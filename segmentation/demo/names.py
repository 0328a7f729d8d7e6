"""Names of made-up people: surnames about as frequent as in reality, given names by generation, and those that are hard.

Hard names are in every demo: compound surnames, surnames with a reading of their own, rare characters, traditional script,
other scripts. Search, order, masking and printing have to get them right.
"""

from dataclasses import dataclass

from segmentation.demo.chance import Weighted, lines, one_of, words

FEMALE, MALE = "female", "male"

SURNAMES = {
    "王": 710, "李": 700, "张": 670, "刘": 540, "陈": 450, "杨": 310, "赵": 230, "黄": 220, "周": 210, "吴": 200,
    "徐": 180, "孙": 150, "胡": 130, "朱": 150, "高": 120, "林": 120, "何": 120, "郭": 115, "马": 105, "罗": 100,
    "梁": 90, "宋": 80, "郑": 80, "谢": 75, "韩": 70, "唐": 75, "冯": 65, "于": 62, "董": 60, "肖": 60, "程": 57,
    "曹": 57, "袁": 54, "邓": 56, "许": 62, "傅": 50, "沈": 90, "曾": 60, "彭": 50, "吕": 47, "苏": 50, "卢": 47,
    "蒋": 55, "蔡": 50, "贾": 42, "丁": 50, "魏": 45, "薛": 42, "叶": 50, "阎": 20, "闫": 20, "余": 41, "潘": 48,
    "杜": 40, "戴": 42, "夏": 40, "钟": 38, "汪": 42, "田": 38, "任": 40, "姜": 40, "范": 40, "方": 42, "石": 36,
    "姚": 44, "谭": 36, "廖": 34, "邹": 32, "熊": 31, "金": 44, "陆": 55, "郝": 25, "孔": 24, "白": 25, "崔": 28,
    "康": 23, "毛": 24, "邱": 28, "秦": 30, "江": 28, "史": 25, "顾": 55, "侯": 22, "邵": 28, "孟": 25, "龙": 22,
    "万": 22, "段": 22, "雷": 22, "钱": 40, "汤": 24, "尹": 20, "黎": 20, "易": 18, "常": 18, "武": 18, "乔": 18,
    "贺": 18, "赖": 18, "龚": 20, "文": 16, "施": 24, "庄": 16, "翁": 14, "倪": 16, "严": 18, "童": 12, "季": 12,
    "梅": 10, "盛": 12, "俞": 18, "诸": 5, "奚": 6, "瞿": 8, "费": 8, "祝": 9, "滕": 6, "柳": 10, "殷": 8, "柏": 4,
    # read as a surname otherwise than as a word
    "单": 9, "解": 6, "查": 6, "仇": 5, "乐": 4, "盖": 3, "区": 4, "缪": 6, "卜": 5, "翟": 10, "覃": 10, "葛": 11,
    "华": 10, "燕": 3, "尉": 1, "逄": 1, "冼": 4, "朴": 3, "那": 3, "宁": 7, "纪": 10, "牟": 5, "种": 1, "召": 1,
    "车": 4, "卓": 6, "曲": 8, "佘": 3, "郗": 2, "臧": 4, "宓": 2, "訾": 1, "亓": 1, "幺": 1, "仝": 2, "冉": 5,
    # of two characters
    "欧阳": 11, "上官": 3, "诸葛": 3, "司马": 3, "司徒": 3, "令狐": 2, "慕容": 2, "皇甫": 2, "夏侯": 2, "东方": 1,
    "端木": 1, "长孙": 1, "南宫": 1, "尉迟": 1, "万俟": 1, "公孙": 1, "淳于": 1, "澹台": 1, "单于": 1, "鲜于": 1,
}  # fmt: skip

GIVEN = {
    # born before: women's names, men's names
    1965: (
        "秀英 桂英 玉兰 秀兰 桂兰 玉珍 凤英 秀珍 玉英 惠芳 淑珍 美珍 月娥 桂芳 素芬 爱珍 金娣 根娣 招娣 彩凤 玉梅 瑞芳 国芳 "
        "惠珍 雅珍 素琴 丽珠 美芬 秋菊 文英 翠英 佩华 佩芬 静芬 月华 婉珍 蕙兰 玲娣 巧云 毓秀",
        "建国 国强 志明 永福 德华 金根 阿毛 文忠 祥林 宝生 家骏 树德",
    ),
    1975: (
        "丽华 建芳 美华 雅琴 慧芳 丽萍 小红 红梅 秀丽 爱华 玉芳 亚萍 国英 惠敏 慧敏 月琴 美娟 丽娟 文娟 海燕 春燕 晓红 雪梅 "
        "卫红 红 萍 芳 敏 琴 霞 晓华 建平 惠英 冬梅 彩霞 丽君 慧珍 秋萍 莉萍 文华 美凤 素云 碧华 燕萍 静芳",
        "建军 志强 卫东 建平 国华 文彬 海波 永刚 伟 勇 军 斌 正明",
    ),
    1985: (
        "静 敏 燕 艳 丽 娟 霞 娜 洁 莉 琳 慧 颖 佩 蕾 薇 佳 婷 莹 倩 岚 萍 晓梅 晓燕 海霞 婉仪 文静 春梅 丽娜 晓琳 佳琳 "
        "雯 冰 青 晨 瑾 珺 玮 文婷 丹 红艳 小燕 海英 旭 悦 蓉 晓蓉 晓雯 雅静 雅丽 思敏 慧琳 文洁 丽莎",
        "伟 磊 强 军 杰 涛 超 鹏 明 俊 海涛 志刚 晓东 国栋",
    ),
    1996: (
        "婷婷 雪 倩 静 莹莹 晓彤 雪萌 丹丹 佳 佳佳 梦 思 璐 瑶 媛媛 晨 娇 琪 露 思思 雅 晓晓 诗 莎莎 蓓 佳慧 梦洁 雅婷 "
        "晶 玲玲 贝贝 梦婷 思雨 雨薇 晓雪 佳雯 文倩 梦琪 晓萌 悦 彤 思嘉 嘉琪 可 菲 菲菲 蒙 冉 楠 楠楠 雨晴 佳敏 梦雪 祎 喆",
        "浩 鹏 凯 宇 帆 俊杰 文博 家豪 一鸣 志远 喆 昊",
    ),
    9999: (
        "雨桐 欣怡 梓涵 诗涵 思涵 佳怡 雨欣 子涵 梦瑶 一诺 语嫣 可欣 思琪 紫萱 若曦 宇涵 嘉怡 怡然 心怡 雨萱 悦 奕 芷若 沐 晴 "
        "语桐 心妍 艺涵 思语 雨霏 静怡 诗琪 若彤 乐瑶 清妍 亦菲 安琪 苡沫 昕怡 钰涵 玥 珺瑶 子衿 书瑶 知微 听雨 令仪",
        "宇轩 子轩 浩然 子墨 博文 俊熙 梓豪 一凡",
    ),
}
FIRST_OF_TWO = "晓小雅慧佳思文静雪美梦语诗若心嘉怡雨紫婉海玉丽春秋燕亚伟惠淑"
SECOND_OF_TWO = "琳婷雯怡娜燕洁倩莹欣妍彤瑶萱涵琪敏芳华萍娟蓉珊云霞梅英玲平君"
RARE_GIVEN = words("玥 珺 琬 婳 嫄 祎 喆 堃 旻 旸 翯 甯 赟 昕 頔 犇 婼 妤 媖 鋆 燚 翀 旖 旎 晞 晳 玘 珞 璟 懿 馥 蘅 芃 苒 菡 葳")

TRADITIONAL_SURNAMES = Weighted({
    "陳": 110, "林": 83, "黃": 60, "張": 53, "李": 51, "王": 41, "吳": 40, "劉": 32, "蔡": 29, "楊": 27, "許": 23, "鄭": 19,
    "謝": 18, "郭": 15, "洪": 15, "曾": 14, "廖": 14, "賴": 13, "周": 12, "葉": 12, "蘇": 12, "莊": 9, "羅": 8, "歐陽": 2,
    "簡": 6, "鄧": 6, "盧": 6, "馮": 5, "關": 4, "范": 4, "區": 2, "於": 1,
})  # fmt: skip
TRADITIONAL_GIVEN = words(
    "淑芬 雅婷 美鳳 麗華 怡君 欣怡 佩珊 詠詩 嘉欣 慧儀 曉彤 婉瑩 靜宜 淑貞 "
    "寶珠 惠雯 鳳儀 穎詩 綺雯 樂瑤 筱涵 語嫻 蕙蘭 麗娟 潔瑩 雅雯"
)

FROM_ELSEWHERE = lines("""
    阿依古丽·买买提
    古丽娜尔
    娜仁托娅
    央金拉姆
    安娜·李
    Anna Müller
    Marie-Claire Dubois
    O'Connor Siobhán
    佐藤美咲
    高橋 由美
    김지은
    박서연
    Nguyễn Thị Hoa
    Ольга Иванова
    Zoë Ødegård
    ליאת כהן
    فاطمة الزهراء
    สุดา ใจดี
""")

# Women who stand in every demo, however small, in this order.
HARD_NAMES = (
    *words(
        "曾莉 仇雨桐 区慧仪 尉迟静 万俟婉 解晓梅 查文娟 盖丽萍 乐瑶 令狐思思 陳美鳳 歐陽靜宜 朴恩珠 缪䶮 李㛃 吕𬱖 王喆 赵犇犇"
    ),
    *words("单于娜 阿依古丽·买买提 佐藤美咲 那英子 诸葛雪 翟颖 覃海燕 张小 司马相宜 郗旖旎"),
    "Anna Müller",
    "ליאת כהן",
)


@dataclass(frozen=True)
class Name:
    """A name with what forms of address are made of. `surname` is empty where there is none."""

    full: str
    surname: str
    given: str


class Naming:
    """Draws names. Weights are the frequencies, so a large demo has many 王静 and a handful of 澹台."""

    def __init__(self, rng):
        self._rng = rng
        self._surnames = Weighted(SURNAMES)
        self._given = [(born, women.split(), men.split()) for born, (women, men) in GIVEN.items()]

    def draw(self, gender, born):
        """A name for somebody of that gender born in that year."""
        kind = self._rng.random()
        if kind < 0.006:
            return Name(one_of(self._rng, FROM_ELSEWHERE), "", "")
        if kind < 0.03 and gender == FEMALE:
            surname, given = TRADITIONAL_SURNAMES.draw(self._rng), one_of(self._rng, TRADITIONAL_GIVEN)
        else:
            surname, given = self._surnames.draw(self._rng), self._given_name(gender, born)
        return Name(surname + given, surname, given)

    def _given_name(self, gender, born):
        women, men = next((women, men) for before, women, men in self._given if born < before)
        if gender == MALE:
            return one_of(self._rng, men)
        kind = self._rng.random()
        if born >= 1975 and kind < 0.45:
            return one_of(self._rng, FIRST_OF_TWO) + one_of(self._rng, SECOND_OF_TWO)
        if born >= 1975 and kind < 0.49:
            return one_of(self._rng, RARE_GIVEN)
        return one_of(self._rng, women)


def split(full):
    """The Name of a written-out Chinese name; surname and given name stay empty for one in another script."""
    if not "\u4e00" <= full[0] <= "\u9fff" or "·" in full:
        return Name(full, "", "")
    cut = 2 if full[:2] in SURNAMES or full[:2] in TRADITIONAL_SURNAMES.values else 1
    return Name(full, full[:cut], full[cut:])
