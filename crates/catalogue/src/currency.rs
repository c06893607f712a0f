//! Currencies by ISO 4217.

use std::fmt;
use std::str::FromStr;

/// The currencies in use whose minor unit is a hundredth, by ISO 4217.
const HUNDREDTHS: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF \
    CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR \
    IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN \
    NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL \
    THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";
/// Those without a minor unit.
const WHOLE: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
/// Those whose minor unit is a thousandth.
const THOUSANDTHS: &str = "BHD IQD JOD KWD LYD OMR TND";

/// Maximum number of digits before the decimal point of an amount: a billion.
const MAX_WHOLE_DIGITS: usize = 9;

/// A currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency {
    code: &'static str,
    digits: u32,
}

impl Currency {
    /// Its code, such as `CNY`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.code
    }

    /// The number of decimals of an amount: the minor unit is 10^-digits.
    #[must_use]
    pub fn digits(self) -> u32 {
        self.digits
    }
}

impl Currency {
    /// Reads an amount in the main unit, such as `12.50`, as minor units.
    ///
    /// # Errors
    /// The rule that the text breaks.
    pub fn minor_units(self, text: &str) -> Result<i64, String> {
        let rule = || match self.digits {
            0 => format!("must be an amount in {} without decimals, such as 1250", self.code),
            digits => format!("must be an amount in {} of at most {digits} decimals, such as 12.50", self.code),
        };
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let digits = self.digits as usize;
        let fits = decimals.len() <= digits || decimals.bytes().all(|byte| byte == b'0');
        if !is_number(whole) || !is_number(decimals) || !fits || whole.len() > MAX_WHOLE_DIGITS {
            return Err(rule());
        }
        let padded = format!("{whole}{decimals:0<digits$}");
        padded.get(..whole.len() + digits).and_then(|number| number.parse().ok()).ok_or_else(rule)
    }

    /// Writes an amount of minor units in the main unit: `12.50`.
    #[must_use]
    pub fn decimal(self, minor_units: i64) -> String {
        let unit = 10_u64.pow(self.digits);
        let sign = if minor_units < 0 { "-" } else { "" };
        let (whole, rest) = (minor_units.unsigned_abs() / unit, minor_units.unsigned_abs() % unit);
        let width = self.digits as usize;
        if width == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest:0width$}") }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

impl FromStr for Currency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut known = [(HUNDREDTHS, 2), (WHOLE, 0), (THOUSANDTHS, 3)].into_iter();
        let found = known.find_map(|(codes, digits)| {
            let code = codes.split_ascii_whitespace().find(|code| *code == text)?;
            Some(Self { code, digits })
        });
        found.ok_or_else(|| "must be the ISO 4217 code of a currency, such as CNY, USD or EUR".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_decimals_of_currencies() {
        let digits = |code: &str| code.parse::<Currency>().map(Currency::digits);
        assert_eq!((digits("CNY"), digits("JPY"), digits("KWD")), (Ok(2), Ok(0), Ok(3)));
        for wrong in ["RMB", "cny", "", "CNY ", "CN"] {
            assert!(digits(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn reads_and_writes_amounts_in_minor_units() {
        let of = |code: &str| code.parse::<Currency>().unwrap();
        for (code, text, minor_units) in [
            ("CNY", "12.50", 1_250),
            ("CNY", "0.07", 7),
            ("JPY", "30", 30),
            ("KWD", "1.005", 1_005),
            ("CNY", "0.00", 0),
        ] {
            assert_eq!(of(code).minor_units(text), Ok(minor_units));
            assert_eq!(of(code).decimal(minor_units), text);
        }
        assert_eq!((of("CNY").minor_units("12"), of("CNY").minor_units("1.5")), (Ok(1_200), Ok(150)));
        assert_eq!((of("JPY").minor_units("30.0"), of("CNY").decimal(-5)), (Ok(30), "-0.05".to_owned()));
        for wrong in ["", "-1", "1.005", "1,5", ".5", "1.", "1e3", "1000000000000"] {
            assert!(of("CNY").minor_units(wrong).is_err(), "{wrong}");
        }
    }
}
