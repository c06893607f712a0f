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
}
