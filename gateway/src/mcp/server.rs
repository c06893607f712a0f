//! What the protocol asks for: the server's description, the list of tools, and their calls.

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomRequest, CustomResult, ErrorCode,
    Implementation, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use service::Trace;

use crate::auth::AnyCaller;
use crate::error::ApiError;
use crate::http::client_address::ClientAddress;
use crate::mcp::arguments::{Arguments, renamed};
use crate::mcp::progress::Notifier;
use crate::mcp::tools::{self, ToolName};
use crate::state::Gateway;

/// How the tools are used together; assistants read it before they call one.
const INSTRUCTIONS: &str = "Generates videos from text. A video takes minutes: call generate_video once, then \
    wait_for_video with its id until the video has ended, then use the link to its file. If the result of generate_video \
    was lost, call it again with the same arguments: it then returns the same video and starts nothing new.";

/// The methods that are supported.
const METHODS: [&str; 5] = ["initialize", "ping", "server/discover", "tools/call", "tools/list"];

/// Answers one request.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) gateway: Gateway,
    pub(super) caller: AnyCaller,
    pub(super) client: ClientAddress,
    pub(super) trace: Trace,
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let name = Implementation::new("sora", env!("CARGO_PKG_VERSION")).with_title("Sora video generation");
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(name)
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::all(&self.gateway.config.catalogue)))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        ToolName::parse(name).map(|tool| tools::describe(tool, &self.gateway.config.catalogue))
    }

    /// Rejects requests whose method is unknown. A request whose parameters have the wrong type arrives here too.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let method = request.method;
        Err(match METHODS.contains(&method.as_str()) {
            true => {
                ErrorData::invalid_params(format!("The params of {method} are missing or have the wrong type."), None)
            }
            false => ErrorData::new(ErrorCode::METHOD_NOT_FOUND, format!("There is no method {method:?}."), None),
        })
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = ToolName::parse(&call.name) else {
            return Err(ErrorData::invalid_params(format!("There is no tool with the name {:?}.", call.name), None));
        };
        let arguments = Arguments::new(call.arguments.unwrap_or_default());
        let result = self.call(tool, arguments, Notifier::of(&context)).await;
        Ok(result.unwrap_or_else(|error| describe(&renamed(error))).into())
    }
}

/// Returns the result of a call that failed, which the assistant reads.
fn describe(error: &ApiError) -> CallToolResult {
    error.log();
    let mut text = error.to_string();
    if let ApiError::InvalidFields(fields) = error {
        for field in fields {
            text.push_str(&format!("\n{}: {}", field.field, field.message));
        }
    }
    let advice = match error {
        ApiError::InsufficientScope => "The user can create an API key with the scopes read and create.",
        ApiError::IdempotencyKeyReused => "Use another idempotency_key for another video.",
        ApiError::Gone => "To generate the video anew, pass an idempotency_key that was not used before.",
        ApiError::Unavailable(_) | ApiError::Busy(_) | ApiError::Internal(_) => {
            "Call the tool again with the same arguments: nothing is started twice."
        }
        _ => "",
    };
    if !advice.is_empty() {
        text.push('\n');
        text.push_str(advice);
    }
    CallToolResult::error(vec![ContentBlock::text(text)])
}
