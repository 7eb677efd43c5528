/** Hostile values for every field, written for these tests. */

export const FORGED_TITLE =
  "one ]]></title></item><item><title>forged</title><link>https://evil.example/</link></item><item><title>]]> two ]]> three";

export const HOSTILE_TEXTS: readonly string[] = [
  "<script>alert(1)</script>",
  "</title><script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  "&lt;img src=x onerror=alert(1)&gt;",
  "&amp;lt;b&amp;gt; &amp; & &#60;script&#62;",
  "AT&T <b>bold</b> 1 < 2",
  FORGED_TITLE,
  "]]>",
  "<![CDATA[ x ]]>",
  "<!-- x --><?php evil ?><!DOCTYPE x>",
  "nul \u0000 bell \u0007 escape \u001b unit \u001f delete \u007f c1 \u0085\u009f",
  "lone \ud800 surrogates \udfff and \ufffe \uffff \ufffd",
  "right \u202eto left \u2066isolate",
  "line\r\nSet-Cookie: a=b\rline\n\ttab",
  "true",
  "__proto__",
  "constructor",
  "",
  "   ",
  "😀 café Ελλάδα 日本語 العربية",
  "x".repeat(1_000_000),
  "<".repeat(100_000),
];

export const HOSTILE_URLS: readonly string[] = [
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "java\tscript:alert(1)",
  " javascript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "vbscript:msgbox(1)",
  "file:///etc/passwd",
  "blob:https://x.example/1",
  "about:blank",
  "//evil.example/x",
  "/relative",
  "relative/path",
  "",
  "http://",
  "https://[::1",
  "https://[2001:db8::1]/1.mp3",
  "http://nas/1.mp3",
  "http://under_score.example/1.mp3",
  "http://victim.example./1.mp3",
  "https://user:S3CRET@victim.example/x",
  "https://victim.example\\@evil.example/",
  'https://victim.example/"onmouseover="alert(1)',
  "https://victim.example/<script>?a=<b>&c='d'#<e>\"f#g",
  "https://victim.example/a b|c{d}^e`f[g]%zz%",
  "https://victim.example/%0d%0aSet-Cookie:a=b",
  "https://victim.example/\ud800\u0000\u202e",
  "https://ünïcode.example/päth?q=ü#ß",
  'https://a"b.example/',
  `https://victim.example/${"x".repeat(100_000)}`,
  "\u0000",
];

export const HOSTILE_HTML: readonly string[] = [
  "<script>alert(1)</script><p>text</p>",
  "<p>]]></content></entry><entry><title>forged</title></entry></p>",
  "<img src=x onerror=alert(1)><img src='javascript:alert(1)'><img srcset='javascript:alert(1) 1x'>",
  "<a href='javascript:alert(1)'>a</a><a href='data:text/html,x'>b</a><a href='/relative'>c</a>",
  "<svg><script>alert(1)</script></svg><math><mtext></mtext></math>",
  "<iframe src='https://evil.example/'></iframe><object data='x'></object><embed src='x'>",
  "<style>body{background:url(javascript:alert(1))}</style><p style='background:url(x)'>p</p>",
  "<form action='https://evil.example/'><input name=a><button>b</button></form>",
  "<xmp><script>alert(1)</script></xmp><noscript><p title='</noscript><script>alert(1)</script>'>",
  "<base href='https://evil.example/'><meta http-equiv=refresh content='0;url=//evil.example'><link rel=stylesheet href=x>",
  "<p onclick=alert(1) id=x class=y data-z=1>unclosed <b>bold <i>italic",
  "<a href='https://ok.example/?a=1&b=2' target=_blank onclick='x()'>ok</a>",
  "\u0000<p>\u0007nul\ud800</p>",
  `${"<div>".repeat(5000)}deep${"</div>".repeat(5000)}`,
  "<textarea></textarea><script>alert(1)</script><title></title><img src=x onerror=alert(2)>",
];

const UNSAFE_MARKUP = [
  /<\s*(?:script|iframe|object|embed|style|link|meta|base|form|input|button|textarea|svg|math|xmp|noscript)\b/i,
  /<[^>]*\son[a-z]+\s*=/i,
  /(?:href|src|cite|poster|action|data|srcset)\s*=\s*["']?\s*(?:javascript|vbscript|data|file|blob):/i,
  /<[^>]*\sstyle\s*=/i,
];

/** What is unsafe in sanitised HTML; empty when nothing is. */
export function unsafeMarkupIn(html: string): readonly string[] {
  return UNSAFE_MARKUP.filter((pattern) => pattern.test(html)).map(String);
}

/** Spellings of this machine and of addresses within, as the host of a URL. */
export const forbiddenHosts: readonly string[] = [
  ...[
    "127.0.0.1",
    "127.0.0.66",
    "2130706433",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "127.1",
    "127.0.0.1.",
    "①②⑦.⓪.⓪.①",
  ],
  ...[
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
  ],
  ...["localhost", "LOCALHOST", "a.localhost", "0.0.0.0", "0"],
  ...["10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254", "198.18.0.1"],
  ...["[fd00:ec2::254]", "[fc00::1]", "[fe80::1]", "224.0.0.1", "255.255.255.255", "240.0.0.1"],
];
