//! Values of single fields. Parsers return the remedy as their error, and never the value.

use std::ops::RangeInclusive;
use std::time::Duration;

use service::env;
use toml::de::DeValue;
use toml::value::Datetime;

/// Lengths of videos in seconds.
pub(super) const LENGTHS: RangeInclusive<i32> = 1..=3_600;

/// Whether a text is a length, as the platform writes it.
pub(super) fn is_length(text: &str) -> bool {
    text.parse().is_ok_and(|seconds: i32| LENGTHS.contains(&seconds) && seconds.to_string() == text)
}

/// A string.
pub(super) fn text<'a>(value: &'a DeValue<'_>) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| "must be a string in quotation marks".to_owned())
}

/// A whole number in a range.
pub(super) fn number<T: TryFrom<i64> + PartialOrd + std::fmt::Display>(
    value: &DeValue<'_>,
    range: &RangeInclusive<T>,
) -> Result<T, String> {
    let integer = value.as_integer().and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
    let number = integer.and_then(|number| T::try_from(number).ok()).filter(|number| range.contains(number));
    number.ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
}

/// `true` or `false`.
pub(super) fn flag(value: &DeValue<'_>) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "must be true or false, without quotation marks".to_owned())
}

/// A duration: a string such as `30s`, or seconds.
pub(super) fn duration(value: &DeValue<'_>) -> Result<Duration, String> {
    match value {
        DeValue::Integer(seconds) if seconds.radix() == 10 => env::duration(seconds.as_str()),
        _ => env::duration(value.as_str().unwrap_or_default()),
    }
}

/// A decimal number, also as a string.
pub(super) fn decimal<T: std::str::FromStr<Err = String>>(value: &DeValue<'_>) -> Result<T, String> {
    match value {
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse(),
        DeValue::Float(number) => number.as_str().parse(),
        _ => value.as_str().unwrap_or_default().parse(),
    }
}

/// A day, as a TOML date or a string.
pub(super) fn date(value: &DeValue<'_>) -> Result<String, String> {
    let date = match value {
        DeValue::Datetime(date) => Some(*date),
        _ => value.as_str().and_then(|text| text.parse::<Datetime>().ok()),
    };
    let day = date.filter(|date| date.time.is_none() && date.offset.is_none()).and_then(|date| date.date);
    day.map(|day| day.to_string()).ok_or_else(|| "must be a day such as 2027-01-31".to_owned())
}

/// The name of an upstream or a pool.
pub(super) fn name(value: &DeValue<'_>) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    let proper = value.as_str().filter(|name| (1..=64).contains(&name.len()) && name.bytes().all(allowed));
    proper.map(ToOwned::to_owned).ok_or_else(|| "must be 1 to 64 of the characters a-z, 0-9, -, _ and .".to_owned())
}

/// The name of a model, ours or the upstream's.
pub(super) fn model_name(value: &DeValue<'_>) -> Result<String, String> {
    let proper = value
        .as_str()
        .filter(|name| (1..=100).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic()));
    proper.map(ToOwned::to_owned).ok_or_else(|| "must be 1 to 100 printable ASCII characters without spaces".to_owned())
}

/// A title for people.
pub(super) fn title(value: &DeValue<'_>) -> Result<String, String> {
    let title = value.as_str().map(str::trim).filter(|title| (1..=100).contains(&title.chars().count()));
    let title = title.filter(|title| !title.chars().any(char::is_control));
    title.map(ToOwned::to_owned).ok_or_else(|| "must be a title of 1 to 100 characters in one line".to_owned())
}
