//! The tables `[[model]]`.

use std::collections::BTreeMap;

use super::section::{Named, Section};
use super::values;
use crate::{Currency, Model, Pool, Price, ReferenceImage, Status};

const SECONDS: &str = "a list of lengths in whole seconds, such as [10, 15]";
const SIZES: &str = "a list of sizes, such as [\"1280x720\", \"720x1280\"]";
const PRICE: &str = "{ per = \"second\", amount = \"0.40\" }";

/// What the whole file says about prices.
#[derive(Clone, Copy)]
pub(super) struct Prices {
    pub(super) currency: Option<Currency>,
    pub(super) free: bool,
}

/// Reads all models.
pub(super) fn read(file: &mut Section<'_>, pools: &Named<Pool>, prices: Prices) -> Vec<Model> {
    let mut models = Named::new();
    let sections = file.tables("model");
    let (count, at) = (sections.len(), sections.first().map_or(0, Section::at));
    for section in sections {
        models.declare(&section);
        models.values.extend(model(section, pools, prices));
    }
    let models = models.values;
    if !file.has("model") {
        file.mistake(0, "there is no model; add one below a line [[model]]");
    } else if count > 0 && models.len() == count && models.iter().all(|model| model.status == Status::Retired) {
        file.mistake(at, "every model is retired; at least one must be active or deprecated");
    }
    models
}

fn model(mut section: Section<'_>, pools: &Named<Pool>, prices: Prices) -> Option<Model> {
    let name = section.required("name", "the name by which requests choose it", values::model_name);
    let (title_en, title_zh) = titles(&mut section);
    let pool = pool(&mut section, pools);
    let upstream_name = section.optional("upstream_name", values::model_name);
    let upstream_names =
        upstream_names(&mut section, pools.values.iter().find(|known| Some(&known.name) == pool.as_ref()));
    let seconds = section.list("seconds", SECONDS, |value| values::number(value, &values::LENGTHS));
    let sizes = section.list("sizes", SIZES, |value| values::text(value)?.parse());
    let reference_image = section.or("reference_image", ReferenceImage::Optional, |value| values::text(value)?.parse());
    let remix = section.or("remix", true, values::flag);
    let price = price(&mut section, prices);
    let status = section.optional("status", |value| values::text(value)?.parse());
    let retires_on = section.optional("retires_on", values::date);
    if retires_on.is_some() && matches!(status, None | Some(Status::Active)) {
        let remedy =
            "retires_on is for models with status = \"deprecated\" or \"retired\"; set the status, or remove it";
        section.mistake(section.at_field("retires_on"), remedy);
    }
    section.finish();
    Some(Model {
        name: name?,
        title_en,
        title_zh,
        pool: pool?,
        upstream_name,
        upstream_names,
        seconds: seconds.into_iter().map(|(_, seconds)| seconds).collect(),
        sizes: sizes.into_iter().map(|(_, size)| size).collect(),
        reference_image,
        remix,
        price,
        status: status.unwrap_or_default(),
        retires_on,
    })
}

/// Reads the titles in English and Chinese.
fn titles(section: &mut Section<'_>) -> (Option<String>, Option<String>) {
    let Some(mut titles) = section.inner("title", "{ en = \"Sora 2\", zh = \"Sora 2 标准版\" }") else {
        return (None, None);
    };
    let found = (titles.optional("en", values::title), titles.optional("zh", values::title));
    titles.finish();
    found
}

/// Reads the pool, which may be left out if there is only one.
fn pool(section: &mut Section<'_>, pools: &Named<Pool>) -> Option<String> {
    let named = section.optional("pool", |value| Ok(values::text(value)?.to_owned()));
    let mut names = pools.names();
    let pool = match (named, names.next(), names.next()) {
        (Some(pool), ..) => pool,
        (None, Some(only), None) => only.to_owned(),
        (None, ..) if section.has("pool") => return None,
        _ => {
            section.mistake(section.at(), format!("pool is missing; set it to one of {}", pools.list()));
            return None;
        }
    };
    if !pools.is_declared(&pool) {
        section.mistake(section.at_field("pool"), format!("pool: there is no pool {pool:?}; {}", pools.remedy(&pool)));
    }
    Some(pool)
}

/// Reads the names at single upstreams of the model's pool.
fn upstream_names(section: &mut Section<'_>, pool: Option<&Pool>) -> BTreeMap<String, String> {
    let names = section.map("upstream_names", "{ relay = \"sora_video2\" }", |_, name| values::model_name(name));
    for (upstream, (at, _)) in &names {
        let foreign = |pool: &&Pool| pool.members.iter().all(|member| member.upstream != *upstream);
        if let Some(Pool { name, members }) = pool.filter(foreign) {
            let members: Vec<_> = members.iter().map(|member| &*member.upstream).collect();
            let remedy = format!("{upstream:?} is no upstream of the pool {name:?}, which has {}", members.join(", "));
            section.mistake(*at, format!("upstream_names: {remedy}"));
        }
    }
    names.into_iter().map(|(upstream, (_, name))| (upstream, name)).collect()
}

fn price(section: &mut Section<'_>, prices: Prices) -> Option<Price> {
    let at = section.at_field("price");
    let mut price = section.inner("price", PRICE)?;
    let per = price.required("per", "\"video\" or \"second\"", |value| values::text(value)?.parse());
    let amount = price.required("amount", "what it costs, such as \"0.40\"", values::decimal);
    price.finish();
    if prices.free {
        section.mistake(at, "price: the file says free = true; remove one of the two");
    } else if prices.currency.is_none() {
        section.mistake(at, "price: the currency is missing; set it at the top of the file, as in currency = \"CNY\"");
    }
    Some(Price { per: per?, amount: amount?, currency: prices.currency? })
}
