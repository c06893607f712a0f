//! The variables that limit what is spent, in the catalogue's currency.

use entity::budget::{Budget, Budgets};
use service::env::Environment;

use crate::{Catalogue, Status};

const VARIABLES: [&str; 4] =
    ["BUDGET_PER_USER_PER_DAY", "BUDGET_PER_USER_PER_MONTH", "BUDGET_PER_DAY", "BUDGET_PER_MONTH"];

impl Catalogue {
    /// Returns what a video of this model and length costs, in minor units; `None` = unknown.
    #[must_use]
    pub fn cost_of(&self, model: &str, seconds: i32) -> Option<i64> {
        self.model(model)?.price_of(seconds)
    }

    /// Asks for the budgets without checking them, because there is no catalogue to check them against.
    pub fn skip_budgets(env: &mut Environment<'_>) -> Option<Budgets> {
        for name in VARIABLES {
            env.optional(name, |_| Ok(()));
        }
        None
    }

    /// Reads the budgets; an amount that is not set is no limit, and 0 allows nothing that costs:
    ///
    /// - `BUDGET_PER_USER_PER_DAY`, `BUDGET_PER_USER_PER_MONTH`: of each user.
    /// - `BUDGET_PER_DAY`, `BUDGET_PER_MONTH`: of all users together.
    ///
    /// Returns `None` if `env` has collected errors.
    pub fn budgets(&self, env: &mut Environment<'_>) -> Option<Budgets> {
        let priced = self.models.iter().any(|model| model.price.is_some());
        let currency = self.currency.filter(|_| priced);
        let unpriced = self.models.iter().find(|model| model.status != Status::Retired && model.price.is_none());
        let amount = |text: &str| {
            let remedy = "needs prices: set SORA_CATALOGUE to a catalogue with a currency whose models have a price";
            let amount = currency.ok_or(remedy)?.minor_units(text)?;
            match unpriced {
                None => Ok(amount),
                Some(model) => Err(format!(
                    "needs the price of every model, and {} has none in the catalogue: add it, or 0 if it is free",
                    model.name
                )),
            }
        };
        let mut read = |name: &str| {
            let set = env.peek(name).is_some_and(|text| !text.trim().is_empty());
            let amount = env.optional(name, amount);
            (!set || amount.is_some()).then_some(amount)
        };
        let [user_day, user_month, day, month] = VARIABLES.map(&mut read);
        Some(Budgets {
            currency: currency.map(crate::Currency::code),
            per_user: Budget { day: user_day?, month: user_month? },
            overall: Budget { day: day?, month: month? },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICED: &str = r#"
        currency = "CNY"
        upstream = [{ name = "relay", url = "https://relay.example/v1/videos" }]
        model = [
            { name = "a", seconds = [4], sizes = ["1280x720"], price = { per = "second", amount = "0.40" } },
            { name = "b", seconds = [4], sizes = ["1280x720"], status = "retired" },
        ]
    "#;

    fn read(text: &str, set: &[(&str, &str)]) -> Result<Budgets, String> {
        let catalogue = Catalogue::parse(text).unwrap();
        let lookup = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let mut env = Environment::new(&lookup);
        let budgets = catalogue.budgets(&mut env);
        env.finish(budgets).map_err(|mistakes| mistakes.to_string())
    }

    #[test]
    fn reads_amounts_in_the_currency_of_the_prices() {
        let set = [("BUDGET_PER_USER_PER_DAY", "8.60"), ("BUDGET_PER_MONTH", "0"), ("BUDGET_PER_DAY", " ")];
        let budgets = Budgets {
            currency: Some("CNY"),
            per_user: Budget { day: Some(860), month: None },
            overall: Budget { day: None, month: Some(0) },
        };
        assert_eq!(read(PRICED, &set), Ok(budgets));
    }

    #[test]
    fn rejects_budgets_that_could_not_be_held() {
        let set = [("BUDGET_PER_DAY", "10"), ("BUDGET_PER_USER_PER_DAY", "1.005")];
        let mistakes = read(PRICED, &set).unwrap_err();
        assert!(mistakes.contains("BUDGET_PER_USER_PER_DAY") && !mistakes.contains("BUDGET_PER_DAY:"), "{mistakes}");
        let without = PRICED.replace(r#"price = { per = "second", amount = "0.40" }"#, "");
        let without = without.replace(r#"currency = "CNY""#, "");
        assert!(read(&without, &set[..1]).unwrap_err().contains("SORA_CATALOGUE"));
        assert_eq!(read(&without, &[]), Ok(Budgets::default()));
        let partly = PRICED.replace(r#", status = "retired""#, "");
        assert!(read(&partly, &set[..1]).unwrap_err().contains("b has none"));
    }
}
