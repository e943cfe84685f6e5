//! Samples of each format, made from what is public about it.

use base16ct::lower;
use sha2::{Digest as _, Sha256};

/// A small generator of numbers; the same seed gives the same ones.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    pub(super) fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).unwrap()
    }

    pub(super) fn pick<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.below(all.len())]
    }

    pub(super) fn text(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| *self.pick(&letters)).collect()
    }
}

pub(super) const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
pub(super) const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
pub(super) const URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";

/// The networks' prefixes, and the lengths that they issue.
pub(super) const NETWORKS: [(&str, &[usize]); 22] = [
    ("4", &[13, 16, 19]),
    ("51", &[16]),
    ("55", &[16]),
    ("2221", &[16]),
    ("2720", &[16]),
    ("34", &[15]),
    ("37", &[15]),
    ("300", &[14]),
    ("36", &[14]),
    ("38", &[14]),
    ("3528", &[16]),
    ("3589", &[16]),
    ("6011", &[16, 19]),
    ("644", &[16]),
    ("65", &[16]),
    ("62", &[16, 17, 18, 19]),
    ("5018", &[16, 19]),
    ("6759", &[16]),
    ("2200", &[16]),
    ("81", &[16]),
    ("506099", &[16, 19]),
    ("9792", &[16]),
];

pub(super) fn luhn_digit(digits: &str) -> char {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, digit)| {
            let digit = u32::from(digit - b'0') * if index % 2 == 0 { 2 } else { 1 };
            if digit > 9 { digit - 9 } else { digit }
        })
        .sum();
    char::from_digit((10 - sum % 10) % 10, 10).unwrap()
}

pub(super) fn card(random: &mut Random) -> String {
    let (prefix, lengths) = random.pick(&NETWORKS);
    let length = *random.pick(lengths);
    card_of(random, prefix, length)
}

pub(super) fn card_of(random: &mut Random, prefix: &str, length: usize) -> String {
    let front = format!("{prefix}{}", random.text(DIGITS, length - 1 - prefix.len()));
    format!("{front}{}", luhn_digit(&front))
}

/// As it is printed: in groups.
pub(super) fn grouped(card: &str, separator: &str) -> String {
    let sizes: &[usize] = match card.len() {
        13 | 16 => &[4, 4, 4, 4],
        14 => &[4, 6, 4],
        15 => &[4, 6, 5],
        _ => &[4, 4, 4, 4, 3],
    };
    let (mut rest, mut groups) = (card, Vec::new());
    for size in sizes {
        let size = if card.len() == 13 && groups.len() == 3 { rest.len() } else { (*size).min(rest.len()) };
        // No group is shorter than three digits.
        let size = if rest.len() - size < 3 { rest.len() } else { size };
        let (group, behind) = rest.split_at(size);
        groups.push(group);
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    groups.join(separator)
}

/// Each country's BBAN as the registry of SWIFT writes it: `n` digits, `a` letters, `c` both.
pub(super) const IBANS: [(&str, &str); 88] = [
    ("AD", "8n12c"),
    ("AE", "19n"),
    ("AL", "8n16c"),
    ("AT", "16n"),
    ("AZ", "4a20c"),
    ("BA", "16n"),
    ("BE", "12n"),
    ("BG", "4a6n8c"),
    ("BH", "4a14c"),
    ("BI", "23n"),
    ("BR", "23n1a1c"),
    ("BY", "4c4n16c"),
    ("CH", "5n12c"),
    ("CR", "18n"),
    ("CY", "8n16c"),
    ("CZ", "20n"),
    ("DE", "18n"),
    ("DJ", "23n"),
    ("DK", "14n"),
    ("DO", "4c20n"),
    ("EE", "16n"),
    ("EG", "25n"),
    ("ES", "20n"),
    ("FI", "14n"),
    ("FK", "2a12n"),
    ("FO", "14n"),
    ("FR", "10n11c2n"),
    ("GB", "4a14n"),
    ("GE", "2a16n"),
    ("GI", "4a15c"),
    ("GL", "14n"),
    ("GR", "7n16c"),
    ("GT", "4c20c"),
    ("HN", "4a20n"),
    ("HR", "17n"),
    ("HU", "24n"),
    ("IE", "4a14n"),
    ("IL", "19n"),
    ("IQ", "4a15n"),
    ("IS", "22n"),
    ("IT", "1a10n12c"),
    ("JO", "4a4n18c"),
    ("KW", "4a22c"),
    ("KZ", "3n13c"),
    ("LB", "4n20c"),
    ("LC", "4a24c"),
    ("LI", "5n12c"),
    ("LT", "16n"),
    ("LU", "3n13c"),
    ("LV", "4a13c"),
    ("LY", "21n"),
    ("MC", "10n11c2n"),
    ("MD", "2c18c"),
    ("ME", "18n"),
    ("MK", "3n10c2n"),
    ("MN", "16n"),
    ("MR", "23n"),
    ("MT", "4a5n18c"),
    ("MU", "4a19n3a"),
    ("NI", "4a20n"),
    ("NL", "4a10n"),
    ("NO", "11n"),
    ("OM", "3n16c"),
    ("PK", "4a16c"),
    ("PL", "24n"),
    ("PS", "4a21c"),
    ("PT", "21n"),
    ("QA", "4a21c"),
    ("RO", "4a16c"),
    ("RS", "18n"),
    ("RU", "14n15c"),
    ("SA", "2n18c"),
    ("SC", "4a20n3a"),
    ("SD", "14n"),
    ("SE", "20n"),
    ("SI", "15n"),
    ("SK", "20n"),
    ("SM", "1a10n12c"),
    ("SO", "19n"),
    ("ST", "21n"),
    ("SV", "4a20n"),
    ("TL", "19n"),
    ("TN", "20n"),
    ("TR", "6n16c"),
    ("UA", "6n19c"),
    ("VA", "18n"),
    ("VG", "4a16n"),
    ("XK", "16n"),
];

pub(super) fn iban_of(random: &mut Random, country: &str, form: &str) -> String {
    let (mut bban, mut count) = (String::new(), 0);
    for c in form.chars() {
        match c {
            'n' | 'a' | 'c' => {
                let alphabet = match c {
                    'n' => DIGITS,
                    'a' => UPPER,
                    _ => "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
                };
                bban.push_str(&random.text(alphabet, count));
                count = 0;
            }
            digit => count = count * 10 + usize::try_from(digit.to_digit(10).unwrap()).unwrap(),
        }
    }
    let rest = format!("{bban}{country}00").chars().fold(0_u32, |sum, c| match c.to_digit(10) {
        Some(digit) => (sum * 10 + digit) % 97,
        None => (sum * 100 + u32::from(c) - 55) % 97,
    });
    format!("{country}{:02}{bban}", 98 - rest)
}

pub(super) fn iban(random: &mut Random) -> String {
    let (country, form) = *random.pick(&IBANS);
    iban_of(random, country, form)
}

fn encode(text: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(text)
}

pub(super) fn jwt(random: &mut Random) -> String {
    let algorithm = *random.pick(&["HS256", "RS256", "ES256", "EdDSA", "PS512"]);
    let header = match random.below(3) {
        0 => format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#),
        1 => format!(r#"{{"typ":"JWT","alg":"{algorithm}"}}"#),
        _ => format!(r#"{{"kid":"{}","alg":"{algorithm}"}}"#, random.text(ALNUM, 27)),
    };
    let payload =
        format!(r#"{{"sub":"{}","exp":{}}}"#, random.text(ALNUM, 12), 1_700_000_000 + random.below(99_999_999));
    let length = *random.pick(&[43, 86, 342]);
    format!("{}.{}.{}", encode(&header), encode(&payload), random.text(URL, length))
}

/// An encrypted token has five parts.
pub(super) fn jwe(random: &mut Random) -> String {
    let header = encode(r#"{"alg":"dir","enc":"A256GCM"}"#);
    format!("{header}..{}.{}.{}", random.text(URL, 16), random.text(URL, 80), random.text(URL, 22))
}

/// The labels of PEM that mean a private key.
pub(super) const KEY_LABELS: [&str; 8] = [
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "DSA PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "PGP PRIVATE KEY BLOCK",
    "ED25519 PRIVATE KEY",
];

pub(super) fn private_key(random: &mut Random) -> String {
    let label = *random.pick(&KEY_LABELS);
    private_key_of(random, label)
}

pub(super) fn private_key_of(random: &mut Random, label: &str) -> String {
    let headers = match label {
        "RSA PRIVATE KEY" => "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF\n\n",
        "PGP PRIVATE KEY BLOCK" => "Version: GnuPG v2\nComment: (a key)\n\n",
        _ => "",
    };
    let lines = 1 + random.below(20);
    let body: String = (0..lines).map(|_| format!("{}\n", random.text(BASE64, 64))).collect();
    format!("-----BEGIN {label}-----\n{headers}{body}{}==\n-----END {label}-----", random.text(BASE64, 22))
}

pub(super) fn email(random: &mut Random) -> String {
    let local = match random.below(4) {
        0 => random.text("abcdefghijklmnopqrstuvwxyz", 6),
        1 => format!("{}.{}", random.text("abcdefghij", 5), random.text("klmnopqrst", 7)),
        2 => format!("{}+{}", random.text(ALNUM, 8), random.text(ALNUM, 4)),
        _ => format!("{}_{}%x!y", random.text(ALNUM, 3), random.text(ALNUM, 5)),
    };
    let domain = match random.below(4) {
        0 => format!("{}.com", random.text("abcdefghij", 8)),
        1 => format!("mail.{}.co.uk", random.text("klmnop", 5)),
        2 => format!("{}-{}.example", random.text("abc", 3), random.text("0123456789", 2)),
        _ => format!("xn--{}.xn--p1ai", random.text("abcdefgh", 6)),
    };
    format!("{local}@{domain}")
}

pub(super) fn aws_key(random: &mut Random) -> String {
    let prefix = *random.pick(&["AKIA", "ASIA", "ABIA", "ACCA"]);
    format!("{prefix}{}", random.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16))
}

pub(super) fn github_token(random: &mut Random) -> String {
    match random.below(6) {
        0 => format!("github_pat_{}_{}", random.text(ALNUM, 22), random.text(ALNUM, 59)),
        kind => format!("gh{}_{}", ["p", "o", "u", "s", "r"][kind - 1], random.text(ALNUM, 36)),
    }
}

pub(super) fn slack_token(random: &mut Random) -> String {
    let digits = |random: &mut Random| random.text(DIGITS, 12);
    match random.below(5) {
        0 => format!("xoxb-{}-{}-{}", digits(random), digits(random), random.text(ALNUM, 24)),
        1 => format!(
            "xoxp-{}-{}-{}-{}",
            digits(random),
            digits(random),
            digits(random),
            random.text("0123456789abcdef", 32)
        ),
        2 => format!(
            "xapp-1-A{}-{}-{}",
            random.text("0123456789ABCDEF", 10),
            digits(random),
            random.text("0123456789abcdef", 64)
        ),
        3 => format!("xoxe-1-{}", random.text(ALNUM, 146)),
        _ => format!("xoxs-{}-{}-{}", digits(random), digits(random), random.text(ALNUM, 10)),
    }
}

pub(super) fn bearer_token(random: &mut Random) -> String {
    let length = 20 + random.below(60);
    random.text(URL, length)
}

pub(super) fn mcp_grant(random: &mut Random) -> String {
    let secret = format!("mcpg_{}", random.text("0123456789abcdef", 64));
    let digest = lower::encode_string(&Sha256::digest(secret.as_bytes()));
    format!("{secret}{}", digest.get(..8).unwrap())
}

/// A sample of a format by its name, in the text in which it is found.
pub(super) fn sample(random: &mut Random, finder: &str) -> String {
    match finder {
        "email" => email(random),
        "credit_card" => card(random),
        "iban" => iban(random),
        "private_key" => private_key(random),
        "jwt" => jwt(random),
        "aws_key" => aws_key(random),
        "github_token" => github_token(random),
        "slack_token" => slack_token(random),
        "bearer_token" => bearer_token(random),
        _ => mcp_grant(random),
    }
}
