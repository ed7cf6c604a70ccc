"""Kanji that people and tills write in more than one way, in names and in place names."""

from __future__ import annotations

from itertools import islice, product

# Each word: the form compared, then the forms folded into it. Written out and not derived: classes of
# look-alikes taken from a dictionary and closed transitively would make 弁 辨 瓣 辯, or 巌 and 岩, one.
# Compatibility ideographs (塚 隆 神 …) are not here, NFKC has folded them; it leaves 﨑 髙 邉 齋 澤.
_CLASSES = """
高髙 崎﨑嵜﨏㟢 斉斎齊齋斋 辺邊邉 浜濱濵滨 沢澤 広廣 国國圀 島嶋嶌㠀 桜櫻 真眞 恵惠 栄榮 寿壽 蔵藏 竜龍 瀬瀨 徳德 礼禮
実實 渋澁澀 関關 条條 横橫 村邨 桑桒 吉𠮷 館舘 籠篭 薮藪籔 富冨 峰峯 野埜墅 槙槇 曽曾 滝瀧 亀龜 塩鹽 黒黑 巌巖 万萬
与與 円圓 応應 桧檜 柏栢 梅楳 杉椙 松枩柗 船舩 駅驛 沖冲 涼凉 晃晄 昇曻 曜燿 弥彌 静靜 清淸 青靑 郎郞 朗朖 隣鄰 来來
宝寶寳 穂穗 稲稻 総總惣 緑綠 縁緣 経經 継繼 荘莊 薫薰 藤籐 蝉蟬 蛍螢 覚覺 豊豐 頼賴 遥遙 郷鄕 鉄鐵銕鐡 鋭銳 録錄 顕顯
鶏鷄雞 麦麥 黄黃 釜釡 戸戶户 戻戾 拡擴 挙擧 抜拔 教敎 数數 晋晉 暁曉 暦曆 枢樞 柳栁桺 栃杤 楽樂 権權 欧歐 歩步 歳歲
毎每 気氣 渕淵渊 渓溪 温溫 満滿 湾灣 為爲 焼燒 狭狹 独獨 瑶瑤 産產 画畫 発發 県縣 矢㐧 窪窐 竈竃 芦蘆 苅刈 萌萠 蒋蔣
会會 伝傳 仏佛 価價 倹儉 児兒 剣劍劒 労勞 勲勳 区區 参參 双雙 収收 喜㐂 単單 団團 囲圍 図圖 壮壯 売賣 変變 奥奧 奨奬
学學 将將 尚尙 尭堯 属屬 岳嶽 峡峽 巣巢 帯帶 庁廳 弐貳 弾彈 当當 径徑 従從 恒恆 悦悅 慎愼 戦戰 拝拜 摂攝 旧舊 聡聰
臨临 訳譯 読讀 譲讓 釈釋 銭錢 閑閒 陥陷 隠隱 霊靈 駒騌 髪髮 鴎鷗 鴬鶯 祷禱
"""

VARIANTS = {ord(variant): word[0] for word in _CLASSES.split() for variant in word[1:]}
"""The code point of every variant and the letter it is compared as."""
_CLASS_OF = {sign: word for word in _CLASSES.split() for sign in word}


def ways_to_write(text: str, limit: int) -> list[str]:
    """The text with each variant kanji in every form people write it, as typed first; ``limit`` at most."""
    forms = product(*(dict.fromkeys(sign + _CLASS_OF.get(sign, "")) for sign in text))
    return ["".join(one) for one in islice(forms, limit)]


def fold_variants(text: str) -> str:
    """The text (after NFKC) with every variant kanji in its compared form and 々 written out."""
    folded = text.translate(VARIANTS)
    position = folded.find("々")
    while position > 0:
        folded = folded[:position] + folded[position - 1] + folded[position + 1 :]
        position = folded.find("々")
    return folded
