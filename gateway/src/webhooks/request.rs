//! What a webhook is created with and changed to.

use entity::UserId;
use entity::webhook_endpoint::{Changes, New};
use entity::webhook_event::EventType;
use serde_json::Value;
use url::Url;
use utoipa::ToSchema;

use crate::auth::rules;
use crate::http::body::{Fields, RequestBody, Rule};
use crate::state::Gateway;

/// Maximum number of characters in an address.
const MAX_URL_CHARACTERS: usize = 2_000;

/// What to create.
#[derive(ToSchema)]
#[schema(example = json!({"url": "https://example.com/webhooks", "events": ["video.completed", "video.failed"]}))]
pub(crate) struct CreateWebhookRequest {
    /// The address to call.
    #[schema(format = "uri", max_length = 2000)]
    url: String,
    /// Purpose of the webhook; by default the address's host.
    #[schema(max_length = 100)]
    name: Option<String>,
    /// The events to receive; by default all.
    #[schema(min_items = 1)]
    events: Option<Vec<EventType>>,
}

impl RequestBody for CreateWebhookRequest {
    fn read(fields: &mut Fields, gateway: &Gateway) -> Option<Self> {
        let url = fields.text("url", |text| url(text, gateway));
        let name = fields.optional_text("name", rules::name);
        let events = fields.optional_list("events", event);
        Some(Self { url: url?, name: name?.flatten(), events: events? })
    }
}

impl CreateWebhookRequest {
    /// The endpoint to insert.
    pub(super) fn into_new(self, user_id: UserId, secret: String) -> New {
        let host = || Url::parse(&self.url).ok()?.host_str().map(|host| host.chars().take(100).collect());
        let name = self.name.or_else(host).unwrap_or_default();
        let events = self.events.unwrap_or_else(|| EventType::ALL.into());
        New { user_id, name, url: self.url, events, secret }
    }
}

/// What to change.
#[derive(ToSchema)]
#[schema(example = json!({"enabled": true}))]
pub(crate) struct UpdateWebhookRequest {
    /// The address to call.
    #[schema(format = "uri", max_length = 2000)]
    url: Option<String>,
    /// Purpose of the webhook.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// The events to receive.
    #[schema(min_items = 1)]
    events: Option<Vec<EventType>>,
    /// Whether events are sent to it.
    enabled: Option<bool>,
}

impl RequestBody for UpdateWebhookRequest {
    fn read(fields: &mut Fields, gateway: &Gateway) -> Option<Self> {
        let url = fields.optional_text("url", |text| url(text, gateway));
        let name = fields.optional_text("name", rules::name);
        let events = fields.optional_list("events", event);
        let enabled = fields.optional_flag("enabled");
        Some(Self { url: url?, name: name?.flatten(), events: events?, enabled: enabled? })
    }
}

impl From<UpdateWebhookRequest> for Changes {
    fn from(UpdateWebhookRequest { url, name, events, enabled }: UpdateWebhookRequest) -> Self {
        Self { name, url, events, enabled }
    }
}

/// Checks an address and returns it in its normal form.
fn url(text: &str, gateway: &Gateway) -> Rule<String> {
    let wrong = || ("invalid_url", "Must be an address such as https://example.com/webhooks.".to_owned());
    let url = Url::parse(text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong());
    }
    if url.as_str().chars().count() > MAX_URL_CHARACTERS {
        return Err(("too_long", format!("Must have at most {MAX_URL_CHARACTERS} characters.")));
    }
    if !fetch::may_post(&url, &gateway.config.webhook_allow) {
        return Err(("forbidden_address", "Must be an https address on the public network.".into()));
    }
    Ok(url.into())
}

/// Reads the name of an event.
pub(super) fn event(value: &Value) -> Rule<EventType> {
    let kind = value.as_str().and_then(EventType::parse);
    let names = EventType::ALL.map(EventType::as_str).join(", ");
    kind.ok_or_else(|| ("unknown_value", format!("Must be one of {names}.")))
}
