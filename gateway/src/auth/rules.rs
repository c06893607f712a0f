//! Validation of account fields.

use unicode_normalization::UnicodeNormalization;

use crate::http::body::Rule;

/// Checks the form of an email address and returns it in lower case. It is only a name to sign in with; no mail is sent.
pub(crate) fn email(text: &str) -> Rule<String> {
    let wrong = || ("invalid_email", "Must be an email address.".to_owned());
    // Compatibility forms, such as full-width letters, are the same address to a reader.
    let text: String = text.nfkc().collect();
    let (local, domain) = text.split_once('@').ok_or_else(wrong)?;
    let proper = |c: char| !c.is_whitespace() && !c.is_control() && !is_invisible(c) && c != '@';
    let labels = domain.split('.').all(|label| !label.is_empty());
    let shape = !local.is_empty() && local.len() <= 64 && labels && local.chars().chain(domain.chars()).all(proper);
    let email = text.to_lowercase();
    if shape && email.len() <= 254 { Ok(email) } else { Err(wrong()) }
}

/// Checks that a text has no control characters, and none that are invisible or change the direction of others.
pub(crate) fn visible(text: &str) -> Rule<()> {
    // Joiners are part of emoji and of several scripts.
    let joiner = |c| matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}');
    if text.chars().any(|c| c.is_control() || (is_invisible(c) && !joiner(c))) {
        return Err(("invalid_characters", "Must not contain control characters or invisible ones.".into()));
    }
    Ok(())
}

/// Whether a character has no form of its own (Unicode's `Default_Ignorable_Code_Point`, and line separators).
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Accepts any text.
pub(crate) fn any(text: &str) -> Rule<String> {
    Ok(text.to_owned())
}

/// Checks a new password.
pub(crate) fn new_password(text: &str) -> Rule<String> {
    match text.chars().count() {
        0..8 => Err(("too_short", "Must have at least 8 characters.".into())),
        8..=128 => Ok(text.to_owned()),
        _ => Err(("too_long", "Must have at most 128 characters.".into())),
    }
}

/// Checks a name. A blank name is `None`.
pub(crate) fn name(text: &str) -> Rule<Option<String>> {
    visible(text)?;
    if text.contains("://") {
        return Err(("invalid_characters", "Must not contain a link.".into()));
    }
    match text.chars().count() {
        0..=100 => Ok(Some(text.to_owned()).filter(|text| !text.trim().is_empty())),
        _ => Err(("too_long", "Must have at most 100 characters.".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_email_addresses_by_their_form() {
        assert_eq!(email("Ada.Lovelace+x@Example.ORG").unwrap(), "ada.lovelace+x@example.org");
        assert_eq!(email("用户@例子.公司").unwrap(), "用户@例子.公司");
        let long = format!("a@{}", "b".repeat(253));
        for wrong in
            ["", "a", "@b.c", "a@", "a@b@c", " a@b.c", "a@b.c ", "a\0@b.c", "a@b..c", "a@.b", "a@b\u{7}.c", &long]
        {
            assert!(email(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_has_one_spelling() {
        assert_eq!(email("ａｄａ＠example.org").unwrap(), "ada@example.org");
        assert_eq!(email("ada@example．org").unwrap(), "ada@example.org");
        assert_eq!(email("e\u{301}@b.c").unwrap(), email("\u{e9}@b.c").unwrap());
        for invisible in ["a\u{200b}da@b.c", "ada@b\u{2060}.c", "a\u{ad}da@b.c", "\u{feff}ada@b.c", "a\u{202e}da@b.c"] {
            assert!(email(invisible).is_err(), "{invisible:?}");
        }
    }

    #[test]
    fn names_have_no_links_and_nothing_invisible() {
        assert_eq!(name("👩\u{200d}🚀 Ada").unwrap().as_deref(), Some("👩\u{200d}🚀 Ada"));
        for wrong in ["a\u{202e}b", "a\u{200b}b", "see https://evil.example", "a\u{7}"] {
            assert!(name(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn counts_password_length_in_characters() {
        assert!(new_password("密码密码密码密").is_err());
        assert!(new_password("密码密码密码密码").is_ok());
        assert!(new_password(&"x".repeat(128)).is_ok());
        assert!(new_password(&"x".repeat(129)).is_err());
    }
}
