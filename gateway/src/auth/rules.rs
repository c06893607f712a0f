//! Validation of account fields.

use crate::http::body::Rule;

/// Checks the form of an email address and returns it in lower case. It is only a name to sign in with; no mail is sent.
pub(crate) fn email(text: &str) -> Rule<String> {
    let wrong = || ("invalid_email", "Must be an email address.".to_owned());
    let (local, domain) = text.split_once('@').ok_or_else(wrong)?;
    let proper = |c: char| !c.is_whitespace() && !c.is_control() && c != '@';
    let labels = domain.split('.').all(|label| !label.is_empty());
    let shape = !local.is_empty() && local.len() <= 64 && labels && local.chars().chain(domain.chars()).all(proper);
    let email = text.to_lowercase();
    if shape && email.len() <= 254 { Ok(email) } else { Err(wrong()) }
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
    if text.chars().any(char::is_control) {
        return Err(("invalid_characters", "Must not contain control characters.".into()));
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
    fn counts_password_length_in_characters() {
        assert!(new_password("密码密码密码密").is_err());
        assert!(new_password("密码密码密码密码").is_ok());
        assert!(new_password(&"x".repeat(128)).is_ok());
        assert!(new_password(&"x".repeat(129)).is_err());
    }
}
