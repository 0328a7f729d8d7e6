"""Brings the catalogues up to date: `python -m tests.catalogues` after strings changed. Says what is left to translate.

Strings are collected from the source into locale/zh_Hans and locale/zh_Hant. zh_Hans is written by people; an entry of zh_Hant
that is still empty is made from it by character and word conversion, to be read over. `--fill FILE` takes translations
into zh_Hans from a JSON file of {msgid: text} (context and msgid joined by "|" where there is a context).
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

import opencc
import polib

ROOT = Path(__file__).resolve().parent.parent
SIMPLIFIED, TRADITIONAL = "zh_Hans", "zh_Hant"
NOT_THE_PRODUCT = ("tests", ".venv", ".venv-bench", "var", "docs", "requirements")
TO_TRADITIONAL = opencc.OpenCC("s2tw")
QUOTES = str.maketrans("“”‘’", "「」『』")
# What character conversion gets wrong, and the words of Taiwan where they differ from the mainland's. (OpenCC's own list
# is one of computing: 项目 becomes 專案 there.) Earlier entries go first.
_WORDS = """
臺/台 賬/帳 公歷/公曆 農歷/農曆 歷法/曆法 制卡/製卡 天后/天後 隻存/只存 身份/身分 退出登錄/登出 登錄/登入 用戶名/使用者名稱
用戶/使用者 服務器/伺服器 數據庫/資料庫 數據/資料 網絡/網路 鏈接/連結 連接/連線 保存/儲存 密鑰/金鑰 文件/檔案 打印/列印
刷新/重新整理 設備/裝置 設置/設定 信息/資訊 導出/匯出 導入/匯入 導航/導覽 二維碼/QR碼 攝像頭/鏡頭 端口/連接埠 像素/畫素
字符/字元 屏幕/螢幕 磁盤/磁碟 窗口/視窗 默認/預設 界面/介面 質量/品質 響應/回應 驗證器應用/驗證器應用程式 應用中/應用程式中
禁用/停用 程序/程式 腳本/指令碼 重置/重設 運行/執行 丟失/遺失 時間線/時間軸 渠道/管道 初中/國中 郵編/郵遞區號 小區/社區 崗位/職位
快捷鍵/快速鍵 恢復碼/復原碼 兩步驗證/兩步驟驗證 手機號/手機號碼 添加/新增 離異/離婚 只讀/唯讀 合作伙伴/合作夥伴 聯繫/聯絡
創建/建立
當前/目前 通過按鈕/透過按鈕 錄入/輸入 本科/大學 批量/批次 搜索/搜尋 查找/搜尋 粘貼/貼上 點擊/點選 視頻/影片 圖標/圖示 單擊/點選
內存/記憶體 沒有采用/沒有採用 硬盤/硬碟
"""
WORDS = [pair.split("/") for pair in _WORDS.split()]
HEADER = {
    "Project-Id-Version": "Salon Archive",
    "Language": "",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}


def path(language, suffix="po"):
    return ROOT / "locale" / language / "LC_MESSAGES" / f"django.{suffix}"


def collect():
    """Runs makemessages over the product for both scripts."""
    for language in (SIMPLIFIED, TRADITIONAL):
        path(language).parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "manage.py", "makemessages", "-l", SIMPLIFIED, "-l", TRADITIONAL, "--no-location", "--no-obsolete"]
    for name in NOT_THE_PRODUCT:
        command += ["--ignore", name]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def key(entry):
    return (entry.msgctxt, entry.msgid)


def texts(entry):
    """The translation as a list: one text, or one for each plural form (Chinese has one)."""
    return [entry.msgstr_plural.get(0, "")] if entry.msgid_plural else [entry.msgstr]


def put(entry, text):
    if entry.msgid_plural:
        entry.msgstr_plural = {0: text}
    else:
        entry.msgstr = text


def drop_guesses(catalogue):
    """Guesses of msgmerge by likeness are worth nothing: the string counts as untranslated. Yields (entry, guess)."""
    for entry in catalogue:
        if entry.fuzzy:
            guess = texts(entry)[0]
            entry.flags.remove("fuzzy")
            entry.previous_msgid = entry.previous_msgid_plural = entry.previous_msgctxt = None
            put(entry, "")
            yield entry, guess


def fill(catalogue, given):
    """Puts {msgid: text} into a catalogue; returns the msgids that are not in it."""
    unknown = set(given)
    for entry in catalogue:
        name = f"{entry.msgctxt}|{entry.msgid}" if entry.msgctxt else entry.msgid
        if name in given:
            put(entry, given[name])
            unknown.discard(name)
    return unknown


def derive(simplified, traditional):
    """Fills the empty entries of zh_Hant from zh_Hans; returns how many."""
    known, made = {key(entry): texts(entry)[0] for entry in simplified}, 0
    for entry in traditional:
        if not texts(entry)[0] and known.get(key(entry)):
            put(entry, convert(known[key(entry)]))
            made += 1
    return made


def convert(text):
    """A text in Taiwan's characters, words and quotation marks; markup and placeholders stay."""
    parts = re.split(r"(<[^>]*>|%\(\w+\)[sd]|\{\w*\})", text)
    return "".join(part if i % 2 else _words(TO_TRADITIONAL.convert(part).translate(QUOTES)) for i, part in enumerate(parts))


def _words(text):
    for found, wanted in WORDS:
        text = text.replace(found, wanted)
    return text


def save(catalogue, language):
    catalogue.metadata = HEADER | {"Language": language}
    catalogue.metadata_is_fuzzy = False
    catalogue.header = ""
    catalogue.wrapwidth = 120
    catalogue.save(str(path(language)))
    catalogue.save_as_mofile(str(path(language, "mo")))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fill", type=Path, metavar="FILE")
    parser.add_argument("--again", action="store_true", help="derive the whole of zh_Hant anew, dropping what was mended by hand")
    options = parser.parse_args()
    collect()
    simplified, traditional = (polib.pofile(str(path(language))) for language in (SIMPLIFIED, TRADITIONAL))
    guesses = dict(drop_guesses(simplified))
    list(drop_guesses(traditional))
    if options.fill:
        for name in fill(simplified, json.loads(options.fill.read_text(encoding="utf-8"))):
            print(f"not in the source: {name}")
    if options.again:
        for entry in traditional:
            put(entry, "")
    made = derive(simplified, traditional)
    save(simplified, SIMPLIFIED)
    save(traditional, TRADITIONAL)
    print(f"{len(simplified)} strings; {made} of zh_Hant made from zh_Hans")
    missing = [entry for entry in simplified if not texts(entry)[0]]
    for entry in missing:
        note = f"   (like: {guesses[entry]})" if entry in guesses else ""
        print(f"untranslated: {f'[{entry.msgctxt}] ' if entry.msgctxt else ''}{entry.msgid}{note}")
    sys.exit(bool(missing))


if __name__ == "__main__":
    main()
