//! Tables as CSV (RFC 4180), safe to open in a spreadsheet.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::auth::NO_STORE;

/// Characters with which spreadsheets begin formulas.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Returns a file of this name with a row of titles and these rows.
pub(super) fn file<const N: usize>(name: &str, titles: [&str; N], rows: impl Iterator<Item = [String; N]>) -> Response {
    let mut text = line(titles.into_iter());
    for row in rows {
        text.push_str(&line(row.iter().map(String::as_str)));
    }
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let disposition = disposition.unwrap_or(HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
    ([NO_STORE], [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], text).into_response()
}

fn line<'a>(fields: impl Iterator<Item = &'a str>) -> String {
    let fields: Vec<String> = fields.map(field).collect();
    format!("{}\r\n", fields.join(","))
}

fn field(text: &str) -> String {
    let is_number = text.parse::<f64>().is_ok();
    let text = if text.starts_with(FORMULA) && !is_number { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_fields_and_disarms_formulas() {
        let line = line(["a,b", "say \"hi\"", "=1+1", "-0.05", "", "@x"].into_iter());
        assert_eq!(line, "\"a,b\",\"say \"\"hi\"\"\",'=1+1,-0.05,,'@x\r\n");
    }
}
