//! The calls of administrators.

use serde_json::json;

use crate::admin::{
    AdminAttempt, AdminJob, AdminJobDetails, AdminJobPage, AdminUser, AdminUserPage, AuditPage, Queue, Statistics,
    Worker,
};
use crate::error::ApiError;
use crate::openapi::bodies::{QueueChange, UserChange};
use crate::openapi::call::{Access, Call};
use crate::openapi::sample;
use crate::openapi::videos::filtered;

pub(super) fn calls() -> Vec<Call> {
    platform().into_iter().chain(jobs()).chain(users()).map(|call| call.by(Access::Admin)).collect()
}

fn platform() -> Vec<Call> {
    let log = AuditPage { data: vec![sample::act()], next_cursor: None };
    vec![
        Call::get("/api/admin/stats", "readStatistics", "How the platform stands").answers(
            200,
            "The figures; ended jobs are those of the last 24 hours.",
            &statistics(),
        ),
        Call::get("/api/admin/queue", "readQueue", "How the queue is set").answers(
            200,
            "The limits in force.",
            &Queue { paused: false, concurrency: Some(20) },
        ),
        Call::patch("/api/admin/queue", "changeQueue", "Pause or resume the queue, and bound the jobs in flight")
            .about("A 503 may mean that the change is on record and the processors could not be told: repeat it.")
            .takes::<QueueChange>(&json!({"paused": true, "concurrency": 20}))
            .answers(200, "The limits in force.", &Queue { paused: true, concurrency: Some(20) }),
        Call::get("/api/admin/audit", "readAudit", "What administrators did, newest first").pages().answers(
            200,
            "A page of the log.",
            &log,
        ),
    ]
}

fn jobs() -> Vec<Call> {
    let code = json!({"type": "string", "maxLength": 50, "pattern": "^[a-z_]+$"});
    let page = AdminJobPage { data: vec![job()], next_cursor: None };
    vec![
        filtered(Call::get("/api/admin/jobs", "listAllJobs", "Everybody's jobs, newest first"))
            .query("userId", "Of this user.", &json!({"type": "string", "format": "uuid"}))
            .query("errorCode", "Failed with this code; `poison`: stopped because workers kept dying.", &code)
            .answers(200, "A page of them.", &page),
        Call::get("/api/admin/jobs/{job}", "readAnyJob", "A job, with what the upstream said in its own words")
            .answers(200, "The job.", &AdminJobDetails { job: job(), attempts: vec![attempt()] }),
        Call::post("/api/admin/jobs/{job}/retry", "retryAnyJob", "Start a failed or cancelled job anew")
            .answers(202, "The job, which waits anew.", &AdminJob { job: sample::waiting(), ..job() })
            .refuses([ApiError::WrongState("Only a failed or cancelled job can be started anew.")]),
    ]
}

fn users() -> Vec<Call> {
    let user = || AdminUser { user: sample::user(), disabled: false, jobs: 12 };
    vec![
        Call::get("/api/admin/users", "listUsers", "The accounts, newest first")
            .search("With this in address or name, whatever its case.")
            .pages()
            .answers(200, "A page of them.", &AdminUserPage { data: vec![user()], next_cursor: None }),
        Call::patch("/api/admin/users/{user}", "changeUser", "Give an account other rights, shut it, or open it again")
            .about("A shut account's sessions end, its keys and links are worth nothing, and what it has waiting is cancelled.")
            .takes::<UserChange>(&json!({"role": "user", "disabled": false}))
            .answers(200, "The account as it is now.", &user())
            .refuses([ApiError::WrongState("Another administrator has to do this to you.")]),
    ]
}

fn job() -> AdminJob {
    AdminJob { job: sample::completed(), user_id: sample::id(sample::USER), user_email: "ada@example.org".into() }
}

fn attempt() -> AdminAttempt {
    AdminAttempt {
        id: sample::id(0x0193_0000_0000_7000_8000_0000_0000_0008),
        number: 1,
        upstream: "https://up.example/v1/chat/completions".into(),
        sent_at: sample::NOW.into(),
        accepted_at: Some(sample::NOW.into()),
        finished_at: Some(sample::NOW.into()),
        upstream_id: Some("task_01".into()),
        result_url: Some("https://up.example/files/01.mp4".into()),
        outcome: Some("completed".into()),
        detail: None,
        may_have_been_charged: true,
    }
}

fn statistics() -> Statistics {
    let worker = Worker {
        id: sample::id(0x0193_0000_0000_7000_8000_0000_0000_0009),
        host: "processor-0".into(),
        started_at: sample::NOW.into(),
        lease_until: sample::LATER.into(),
        in_flight: 3,
    };
    Statistics {
        waiting: 7,
        in_flight: 3,
        completed: 120,
        failed: 4,
        cancelled: 2,
        poisoned: 0,
        submissions_today: 131,
        users: 9,
        oldest_waiting: Some(sample::NOW.into()),
        workers: vec![worker],
    }
}
