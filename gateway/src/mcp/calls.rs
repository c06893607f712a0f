//! What each tool does.

use std::time::Duration;

use entity::JobId;
use entity::job::{self, Filter, View};
use rmcp::model::CallToolResult;
use serde_json::json;

use crate::error::ApiError;
use crate::http::query::take_page;
use crate::live::follow::{Wait, until_ended};
use crate::mcp::arguments::{Arguments, Generate};
use crate::mcp::progress::{Notifier, Progress};
use crate::mcp::server::Server;
use crate::mcp::tools::ToolName;
use crate::mcp::video::{self, Video};
use crate::videos::actions::cancel_job;
use crate::videos::create::{NewJobs, accept};
use crate::videos::models::Models;
use crate::videos::views;

impl Server {
    /// Calls a tool.
    ///
    /// # Errors
    /// The same as those of the operation in `/api`.
    pub(super) async fn call(
        &self,
        tool: ToolName,
        arguments: Arguments,
        notifier: Notifier,
    ) -> Result<CallToolResult, ApiError> {
        match tool {
            ToolName::ListModels => self.list_models(arguments),
            ToolName::GenerateVideo => self.generate(arguments, notifier).await,
            ToolName::GetVideo => self.get(arguments).await,
            ToolName::WaitForVideo => self.wait_for(arguments, notifier).await,
            ToolName::ListVideos => self.list(arguments).await,
            ToolName::CancelVideo => self.cancel(arguments).await,
        }
    }

    fn list_models(&self, arguments: Arguments) -> Result<CallToolResult, ApiError> {
        self.caller.require_read()?;
        arguments.none()?;
        Ok(CallToolResult::structured(json!(Models::from(&self.gateway.config.catalogue))))
    }

    async fn generate(&self, arguments: Arguments, notifier: Notifier) -> Result<CallToolResult, ApiError> {
        self.caller.require_create(&self.gateway).await?;
        let principal = self.caller.principal();
        let Generate { request, key, wait } = arguments.generate(&self.gateway, principal)?;
        let count = request.count.unwrap_or(1);
        let new = request.into_job(&self.gateway.config.catalogue, principal.user, &self.trace);
        let (mut jobs, replayed) = accept(&self.gateway, NewJobs { new, count, key: Some(key) }).await?;
        // Without the scope `read`, a key learns only what it has just created.
        let may_read = self.caller.require_read().is_ok();
        let mut waited = true;
        if may_read {
            (jobs, waited) = self.wait(jobs, wait, notifier).await?;
        }
        let mut videos = Vec::with_capacity(jobs.len());
        for job in jobs {
            videos.push(if may_read { self.with_file(job).await? } else { Video::new(job) });
        }
        Ok(video::generated(&videos, replayed, waited))
    }

    async fn get(&self, arguments: Arguments) -> Result<CallToolResult, ApiError> {
        self.caller.require_read()?;
        let job = self.read(arguments.id()?).await?;
        Ok(video::one(&self.with_file(job).await?))
    }

    async fn wait_for(&self, arguments: Arguments, notifier: Notifier) -> Result<CallToolResult, ApiError> {
        self.caller.require_read()?;
        let (id, limit) = arguments.id_and_wait()?;
        let job = self.read(id).await?;
        let (mut jobs, waited) = self.wait(vec![job], limit, notifier).await?;
        if !waited {
            return Ok(video::not_waited());
        }
        let job = jobs.pop().ok_or(ApiError::NotFound)?;
        Ok(video::one(&self.with_file(job).await?))
    }

    async fn list(&self, arguments: Arguments) -> Result<CallToolResult, ApiError> {
        self.caller.require_read()?;
        let (filter, limit) = arguments.list()?;
        let filter = Filter { user: Some(self.caller.principal().user), ..filter };
        let mut rows = job::search(&self.gateway.db, filter, limit + 1).await?;
        let next_cursor = take_page(&mut rows, limit, |job| job.id);
        let jobs = views(&self.gateway, rows).await;
        Ok(video::page(&jobs.into_iter().map(Video::new).collect::<Vec<_>>(), next_cursor))
    }

    async fn cancel(&self, arguments: Arguments) -> Result<CallToolResult, ApiError> {
        self.caller.require_create(&self.gateway).await?;
        let row = cancel_job(&self.gateway, self.caller.principal().user, arguments.id()?).await?;
        let job = views(&self.gateway, vec![row]).await.pop().ok_or(ApiError::NotFound)?;
        Ok(video::one(&Video::new(job)))
    }

    async fn read(&self, id: JobId) -> Result<View, ApiError> {
        let row = self.gateway.videos.batches.read(id, self.caller.principal().user).await?;
        views(&self.gateway, row.into_iter().collect()).await.pop().ok_or(ApiError::NotFound)
    }

    async fn with_file(&self, job: View) -> Result<Video, ApiError> {
        Video::with_file(&self.gateway, self.caller.principal(), job).await
    }

    /// Waits for jobs to end, and reads them again. Returns early if the client disconnects. Returns the jobs as they are,
    /// and false, if too many requests wait already.
    async fn wait(&self, jobs: Vec<View>, limit: Duration, notifier: Notifier) -> Result<(Vec<View>, bool), ApiError> {
        if limit.is_zero() || jobs.iter().all(|job| job.status.is_terminal()) {
            return Ok((jobs, true));
        }
        let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
        let mut progress = Progress::new(&jobs);
        let averages = progress.subscribe();
        let principal = self.caller.principal();
        let wait = Wait { client: self.client, principal, jobs: &ids, limit };
        let waited = tokio::select! {
            waited = until_ended(&self.gateway, wait, |frames| progress.record(&frames)) => waited?,
            () = notifier.run(averages) => true,
        };
        if !waited {
            return Ok((jobs, false));
        }
        let mut rows = job::by_ids_of_user(&self.gateway.db, principal.user, &ids).await?;
        rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
        Ok((views(&self.gateway, rows).await, true))
    }
}
