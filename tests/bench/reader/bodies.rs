//! Bodies of a given size: typical requests, and requests made to be expensive.

/// What fills a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A long prompt with line breaks and quotes, and a few members: a realistic call.
    Prompt,
    /// One string without an escape.
    Plain,
    /// One string of nothing but escapes.
    Escapes,
    /// Text that is not ASCII.
    Unicode,
    /// Records of five small members each.
    Records,
    /// One object of many names in `arguments`.
    Names,
    /// The same, each name written with an escape.
    EscapedNames,
    /// One object of many names in `params`, where look-alikes are searched for.
    Params,
    /// The same, in names that are not ASCII.
    UnicodeParams,
    /// Whole numbers and decimals.
    Numbers,
    /// Numbers with exponents, near the largest that there is.
    Exponents,
    /// Arrays as deep as the limit, side by side.
    Arrays,
    /// Objects as deep as the limit, side by side.
    Objects,
    /// Brackets that are never closed.
    Bomb,
    /// White space.
    Space,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Prompt,
        Self::Plain,
        Self::Escapes,
        Self::Unicode,
        Self::Records,
        Self::Names,
        Self::EscapedNames,
        Self::Params,
        Self::UnicodeParams,
        Self::Numbers,
        Self::Exponents,
        Self::Arrays,
        Self::Objects,
        Self::Bomb,
        Self::Space,
    ];

    /// What it is called in the report.
    pub fn name(self) -> String {
        format!("{self:?}")
    }

    /// A body of about `size` bytes.
    pub fn body(self, size: usize) -> Vec<u8> {
        let filled = |item: &dyn Fn(usize) -> String| fill(size, item);
        let listed = |item: &dyn Fn(usize) -> String| call(&format!(r#""rows":[{}null]"#, fill(size, item)));
        let text = match self {
            Self::Prompt => {
                let line =
                    |n| format!("{n}. Please write a short summary of the \\\"report\\\" and name its author.\\n");
                let members = r#""model":"large","temperature":0.7,"max_tokens":1024,"tags":["a","b"],"stream":false"#;
                call(&format!(r#"{members},"prompt":"{}""#, filled(&line)))
            }
            Self::Plain => call(&format!(r#""text":"{}""#, filled(&|_| "The quick brown fox. ".to_owned()))),
            Self::Escapes => call(&format!(r#""text":"{}""#, filled(&|_| r"\n\u00e9\ud83d\ude00\\".to_owned()))),
            Self::Unicode => call(&format!(r#""text":"{}""#, filled(&|_| "Zwölf Boxkämpfer 日本語 😀 ".to_owned()))),
            Self::Records => {
                listed(&|n| format!(r#"{{"id":{n},"name":"item {n}","price":{n}.5,"active":true,"tags":["x","y"]}},"#))
            }
            Self::Names => call(&format!(r#"{}"last":0"#, filled(&|n| format!(r#""member_{n}":{n},"#)))),
            Self::EscapedNames => call(&format!(r#"{}"last":0"#, filled(&|n| format!(r#""m\u0065mber_{n}":{n},"#)))),
            Self::Params => params(&filled(&|n| format!(r#""member_{n}":{n},"#))),
            Self::UnicodeParams => params(&filled(&|n| format!(r#""größe_{n}":{n},"#))),
            Self::Numbers => listed(&|n| format!("{n},-{n}.25,")),
            Self::Exponents => listed(&|n| format!("1e1,1.7976931348623157e308,{n}E-5,")),
            Self::Arrays => listed(&|_| format!("{}{},", "[".repeat(60), "]".repeat(60))),
            Self::Objects => listed(&|_| format!("{}0{},", r#"{"a":"#.repeat(60), "}".repeat(60))),
            Self::Bomb => format!("{}{}", r#"{"jsonrpc":"2.0","params":"#, "[".repeat(size)),
            Self::Space => call(&format!(r#""a":{}1"#, " ".repeat(size))),
        };
        text.into_bytes()
    }
}

fn fill(size: usize, item: &dyn Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(size.saturating_add(256));
    let mut index = 0;
    while text.len() < size {
        text.push_str(&item(index));
        index += 1;
    }
    text
}

fn call(arguments: &str) -> String {
    let head = r#"{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"generate","arguments":{"#;
    format!("{head}{arguments}}}}}}}")
}

fn params(members: &str) -> String {
    let head = r#"{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"#;
    format!(r#"{head}{members}"name":"generate"}}}}"#)
}
