"""Words that a reader, or a link that someone made, may bring to a page: two hundred spellings."""

import json

# A script that runs sets `window.ran`; a request for another host is kept by the visit.
RUN = "window.ran=1"
MARKUP = [
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"<svg onload={RUN}>",
    f'"><img src=x onerror="{RUN}">',
    f"'><svg/onload='{RUN}'>",
    f"javascript:{RUN}",
    f"JaVaScRiPt:{RUN}//",
    f"data:text/html,<script>parent.{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"--><script>{RUN}</script>",
    f"]]><script>{RUN}</script>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'>",
    f"<details open ontoggle={RUN}>",
    f"<a href=javascript:{RUN}>x</a>",
    "<img src=//evil.example/x>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<base href=//evil.example/>",
    "<form action=//evil.example/><button>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "${window.ran=1}",
    "{{constructor.constructor('window.ran=1')()}}",
    "`;window.ran=1;`",
    "');window.ran=1;('",
    '");window.ran=1;("',
    "\\u003cscript>window.ran=1</script>",
    "&lt;script&gt;window.ran=1&lt;/script&gt;",
]
# What every object of JavaScript has; each in the spellings that a search makes of it.
INHERITED = [
    "__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty",
    "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "__defineGetter__",
    "__defineSetter__", "__lookupGetter__", "__lookupSetter__", "length", "name", "caller",
    "arguments", "then", "forEach", "push", "undefined", "null", "NaN", "true", "this",
]  # fmt: skip
PERCENT = [
    "%", "%%", "%%%", "%zz", "%E0%A4%A", "%C0%AE", "%FF", "%ED%A0%80", "%u0041", "100%", "%2",
    "%00", "%0d%0a", "%25", "%2525", "%F0%9F", "%F4%90%80%80", "%3Cscript%3E", "%22", "%5C",
]  # fmt: skip
SIGNS = [
    "", " ", "\t", "\n", "\\", "\\\\", "/", "//", "//evil.example/", "?", "??", "&", "&q=x", "#",
    "##", "=", "+", "-", "--", "-elbo", "*", "**", ".*", "(", ")", "((((", "[", "]", "[^", "{",
    "}", "{0}", "{1000}", "a{1,2", "|", "||", "^", "$", "$&", "$1", "$$", "\\1", "\\b", "\\d+",
    "(?<x>", "(?=", "(a+)+$", "'", '"', "`", "''", '"""', ";", ":", "::", ",", "!", "@", "~", "_",
    "__", "___", "<", ">", "<>", "<!--", "\x00", "\x01", "\x7f", "\x1b[31m", "\ufeff", "\u200b",
    "\u202e", "\u2028", "\u2029", "\ufffd", "\uffff", "../", "../../etc/passwd", "C:\\x",
]  # fmt: skip
LETTERS = [
    "變分下界", "變", "變分 ELBO", "「後驗」", "，。", "㐀", "\U00020000", "\U00020000\U00020001",
    "概率", "σ", "Σ", "ς", "\\sigma", "\\varepsilon", "\u0130", "\u0131", "ß", "\ufb01", "é",
    "e\u0301", "\u0627\u0644", "\u05e2\u05d1", "\u0e44\u0e17", "\u0939\u093f", "\U0001f642",
    "\U0001f468\u200d\U0001f469", "\ud800", "\udc00", "a\ud800b", "\udc00\ud800", "\u2126",
    "\u212b", "\uff11\uff12", "①", "½",
]  # fmt: skip
LONG = ["a" * 5000, "變" * 3000, "a " * 2000, "(" * 2000, "%" * 2000, "\\" * 2000, "<b>" * 1000]
WORDS = [
    *MARKUP, *INHERITED, *map(str.lower, INHERITED[:13]), *map("-{}".format, INHERITED[:5]),
    *PERCENT, *SIGNS, *LETTERS, *LONG,
]  # fmt: skip
# As JavaScript reads it: a lone surrogate has no other way into a page.
IN_JAVASCRIPT = json.dumps(WORDS)
assert len(set(WORDS)) >= 200
