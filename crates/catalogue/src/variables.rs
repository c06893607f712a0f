//! The catalogue without a file: what the variables say makes one pool with one upstream.
//!
//! The gateway's variables name the models and the processor's the upstream, so each process knows its half.

use std::collections::BTreeMap;

use crate::{Catalogue, DEFAULT_POOL, Member, Model, Pool, ReferenceImage, Size, Status, Upstream};

impl Catalogue {
    /// Makes the gateway's half: models that all have these lengths and sizes.
    #[must_use]
    pub fn from_models(names: Vec<String>, seconds: &[i32], sizes: &[Size], free: bool) -> Self {
        let model = |name| Model {
            name,
            title_en: None,
            title_zh: None,
            pool: DEFAULT_POOL.to_owned(),
            upstream_name: None,
            upstream_names: BTreeMap::new(),
            seconds: seconds.to_vec(),
            sizes: sizes.to_vec(),
            reference_image: ReferenceImage::Optional,
            remix: true,
            price: None,
            status: Status::Active,
            retires_on: None,
        };
        let models = names.into_iter().map(model).collect();
        Self { currency: None, free, upstreams: Vec::new(), pools: vec![pool(Vec::new())], models, from_file: false }
    }

    /// Makes the processor's half. Models keep the names that users choose.
    #[must_use]
    pub fn from_upstream(upstream: Upstream) -> Self {
        let members = vec![Member { upstream: upstream.name.clone(), priority: 1 }];
        let (upstreams, pools) = (vec![upstream], vec![pool(members)]);
        Self { currency: None, free: false, upstreams, pools, models: Vec::new(), from_file: false }
    }
}

fn pool(members: Vec<Member>) -> Pool {
    Pool { name: DEFAULT_POOL.to_owned(), members }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_make_one_pool_for_every_model() {
        let size = Size { width: 1280, height: 720 };
        let catalogue = Catalogue::from_models(vec!["sora2".into(), "pro".into()], &[10, 15], &[size], true);
        assert_eq!(
            catalogue.default_model().map(|model| (&*model.name, &*model.seconds)),
            Some(("sora2", &[10, 15][..]))
        );
        assert_eq!(catalogue.pool_of("gone").map(|pool| &*pool.name), Some(DEFAULT_POOL));
        assert_eq!(catalogue.name_at("gone", "https://up.example/v1/videos"), "gone");
    }
}
