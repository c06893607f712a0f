//! HTML character references in addresses.

/// Longest reference that is read, `&` and `;` included.
const MAX_REFERENCE: usize = 10;

/// A text with the references that occur in addresses decoded; twice, since some servers escape twice.
pub(crate) fn decode(text: &str) -> String {
    decode_once(&decode_once(text))
}

fn decode_once(text: &str) -> String {
    let (mut decoded, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(start) = rest.find('&') {
        decoded.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(';').filter(|end| *end < MAX_REFERENCE);
        match end.and_then(|end| Some((character(&rest[1..end])?, end))) {
            Some((c, end)) => {
                decoded.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                decoded.push('&');
                rest = &rest[1..];
            }
        }
    }
    decoded + rest
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = name.strip_prefix('#')?;
            let hex = number.strip_prefix(['x', 'X']).map(|hex| u32::from_str_radix(hex, 16));
            char::from_u32(hex.unwrap_or_else(|| number.parse()).ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_references_and_leaves_other_ampersands() {
        for (text, decoded) in [
            ("a=1&amp;b=2", "a=1&b=2"),
            ("a=1&amp;amp;b=2", "a=1&b=2"),
            ("&#x2F;&#47;&quot;", "//\""),
            ("a=1&b=2&c", "a=1&b=2&c"),
            ("a&unknown;b", "a&unknown;b"),
            ("&&amp;&;", "&&&;"),
        ] {
            assert_eq!(decode(text), decoded, "{text}");
        }
    }
}
