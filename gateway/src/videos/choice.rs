//! What a request may choose: what its model can do.

use catalogue::{Catalogue, Model, ReferenceImage, Size, Status};
use entity::job::Orientation;

use crate::http::body::Rule;

/// The values that a request may choose.
pub(crate) struct Choices<'a> {
    /// The model of the request. If the request names one that is not offered, all that are: its other fields are then
    /// invalid only if no model accepts them.
    models: Vec<&'a Model>,
}

impl<'a> Choices<'a> {
    /// The choices of a request whose field `model` was read: `None` if it is invalid, `Some(None)` if it was left out.
    pub(crate) fn new(catalogue: &'a Catalogue, model: Option<Option<&str>>) -> Self {
        let models = match model {
            Some(name) => {
                name.map_or_else(|| catalogue.default_model(), |name| catalogue.model(name)).into_iter().collect()
            }
            None => catalogue.offered().collect(),
        };
        Self { models }
    }

    /// Accepts a length.
    pub(crate) fn seconds(&self, seconds: i64) -> Rule<i32> {
        let all = self.models.iter().flat_map(|model| &model.seconds).copied();
        self.one_of(all, |known| i64::from(*known) == seconds)
    }

    /// Accepts an orientation by its name.
    pub(crate) fn orientation(&self, text: &str) -> Rule<Orientation> {
        let all = self.models.iter().flat_map(|model| model.orientations());
        let known = all.clone().find(|orientation| orientation.as_str() == text);
        known.ok_or_else(|| self.expected(all.map(Orientation::as_str)))
    }

    /// Accepts a size of the requested orientation.
    pub(crate) fn size(&self, text: &str, shape: Option<Orientation>) -> Rule<Size> {
        let all = self.models.iter().flat_map(|model| &model.sizes).copied();
        let fitting = all.filter(|size| shape.is_none_or(|shape| size.orientation() == shape));
        self.one_of(fitting, |known| known.to_string() == text)
    }

    /// Accepts that the request has a reference image.
    pub(crate) fn with_image(&self) -> Rule<()> {
        self.only_if(|model| model.reference_image != ReferenceImage::No, "does not take a reference image")
    }

    /// Accepts that the request has no reference image.
    pub(crate) fn without_image(&self) -> Rule<()> {
        let needless = |model: &Model| model.reference_image != ReferenceImage::Required;
        self.only_if(needless, "needs a reference image").map_err(|(_, message)| ("required", message))
    }

    /// Accepts that the request is a variation of another video.
    pub(crate) fn remix(&self) -> Rule<()> {
        self.only_if(|model| model.remix, "does not support remixes")
    }

    fn one_of<T: ToString>(&self, known: impl Iterator<Item = T> + Clone, is_it: impl Fn(&T) -> bool) -> Rule<T> {
        known.clone().find(|value| is_it(value)).ok_or_else(|| self.expected(known))
    }

    fn expected<T: ToString>(&self, known: impl Iterator<Item = T>) -> (&'static str, String) {
        let mut values: Vec<String> = Vec::new();
        for value in known.map(|value| value.to_string()) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        let values = values.join(", ");
        (
            "unknown_value",
            match self.models[..] {
                [model] => format!("Must be one of {values} with the model {}.", model.name),
                _ => format!("Must be one of {values}."),
            },
        )
    }

    fn only_if(&self, can: impl Fn(&Model) -> bool, otherwise: &str) -> Rule<()> {
        let name = self.models.first().map_or("", |model| &model.name);
        if self.models.iter().any(|model| can(model)) {
            Ok(())
        } else {
            Err(("unsupported", format!("The model {name} {otherwise}.")))
        }
    }
}

/// Accepts a model that new videos can be made with.
pub(crate) fn offered_model<'a>(catalogue: &'a Catalogue, name: &str) -> Rule<&'a Model> {
    let model = catalogue.model(name);
    if let Some(model) = model.filter(|model| model.status != Status::Retired) {
        return Ok(model);
    }
    let names: Vec<_> = catalogue.offered().map(|model| &*model.name).collect();
    let names = names.join(", ");
    Err(match model {
        Some(Model { retires_on: Some(day), .. }) => {
            ("retired", format!("The model {name} was retired on {day}. Must be one of {names}."))
        }
        Some(_) => ("retired", format!("The model {name} is retired. Must be one of {names}.")),
        None => ("unknown_value", format!("Must be one of {names}.")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOGUE: &str = r#"
        [[upstream]]
        name = "relay"
        url = "https://relay.example/v1/videos"
        [[model]]
        name = "wan"
        seconds = [5]
        sizes = ["720x1280", "480x832"]
        reference_image = "required"
        remix = false
        status = "deprecated"
        [[model]]
        name = "sora-2"
        seconds = [4, 8]
        sizes = ["1280x720", "720x1280"]
        reference_image = "no"
        [[model]]
        name = "sora-1"
        seconds = [20]
        sizes = ["1280x720"]
        status = "retired"
        retires_on = 2026-01-31
    "#;

    fn message<T: std::fmt::Debug>(rule: Rule<T>) -> String {
        rule.unwrap_err().1
    }

    #[test]
    fn each_model_has_its_own_choices() {
        let catalogue = Catalogue::parse(CATALOGUE).unwrap();
        let wan = Choices::new(&catalogue, Some(Some("wan")));
        assert_eq!((wan.seconds(5), wan.orientation("portrait")), (Ok(5), Ok(Orientation::Portrait)));
        assert_eq!(message(wan.seconds(4)), "Must be one of 5 with the model wan.");
        assert_eq!(message(wan.orientation("landscape")), "Must be one of portrait with the model wan.");
        assert_eq!(message(wan.size("1280x720", None)), "Must be one of 720x1280, 480x832 with the model wan.");
        assert_eq!(
            (wan.with_image(), message(wan.without_image())),
            (Ok(()), "The model wan needs a reference image.".into())
        );
        assert_eq!(message(wan.remix()), "The model wan does not support remixes.");
        let default = Choices::new(&catalogue, Some(None));
        assert_eq!((default.seconds(8), default.without_image(), default.remix()), (Ok(8), Ok(()), Ok(())));
        assert_eq!(message(default.with_image()), "The model sora-2 does not take a reference image.");
        let size = default.size("720x1280", Some(Orientation::Landscape));
        assert_eq!(message(size), "Must be one of 1280x720 with the model sora-2.");
    }

    #[test]
    fn rejects_unknown_and_retired_models_and_then_only_what_no_model_can_do() {
        let catalogue = Catalogue::parse(CATALOGUE).unwrap();
        assert_eq!(offered_model(&catalogue, "wan").unwrap().name, "wan");
        assert_eq!(message(offered_model(&catalogue, "sora-9")), "Must be one of wan, sora-2.");
        let retired = offered_model(&catalogue, "sora-1").unwrap_err();
        let expected = "The model sora-1 was retired on 2026-01-31. Must be one of wan, sora-2.";
        assert_eq!(retired, ("retired", expected.to_owned()));
        let any = Choices::new(&catalogue, None);
        assert_eq!((any.seconds(5), any.seconds(8), any.remix(), any.with_image()), (Ok(5), Ok(8), Ok(()), Ok(())));
        assert_eq!(message(any.seconds(20)), "Must be one of 5, 4, 8.");
    }
}
