//! The calls about accounts and keys.

use serde_json::json;

use crate::auth::{Export, ExportedAttempt, ExportedJob, Me, OpenSessions, SignedIn, StorageUse};
use crate::error::ApiError;
use crate::openapi::bodies::{Farewell, Login, NewPassword, Registration, Rename};
use crate::openapi::call::{Access, Call};
use crate::openapi::sample;

pub(super) fn calls() -> Vec<Call> {
    entrance().into_iter().chain(own_account()).collect()
}

fn entrance() -> Vec<Call> {
    let to_program = SignedIn { token: Some("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.…".into()), ..signed_in() };
    let credentials = json!({"email": "ada@example.org", "password": "correct horse battery"});
    let mut registration = credentials.clone();
    registration["name"] = json!("Ada");
    vec![
        Call::post("/api/auth/register", "register", "Open an account")
            .about("A program gets a token. A page, which its `Origin` tells, gets a cookie and no token.")
            .takes::<Registration>(&registration)
            .answers(201, "The account is open and signed in.", &to_program)
            .refuses([ApiError::EmailTaken, ApiError::RegistrationClosed, ApiError::InvalidSetupToken])
            .refuses([ApiError::ForbiddenOrigin, ApiError::TooManyAttempts(480)]),
        Call::post("/api/auth/login", "login", "Sign in")
            .about("A program gets a token. A page, which its `Origin` tells, gets a cookie and no token.")
            .takes::<Login>(&credentials)
            .answers(200, "Signed in.", &to_program)
            .refuses([ApiError::InvalidCredentials, ApiError::TooManyAttempts(480), ApiError::ForbiddenOrigin]),
        Call::post("/api/auth/logout", "logout", "End the session that asks")
            .by(Access::Session)
            .answers_nothing(204, "It has ended everywhere; its websockets close."),
    ]
}

fn own_account() -> Vec<Call> {
    vec![
        Call::get("/api/auth/me", "readAccount", "Who is asking").by(Access::Session).answers(
            200,
            "The account, its session, and what it keeps.",
            &me(),
        ),
        Call::patch("/api/auth/me", "rename", "Take another name")
            .by(Access::Session)
            .takes::<Rename>(&json!({"name": "Ada"}))
            .answers(200, "The account as it is now.", &signed_in()),
        Call::delete("/api/auth/me", "deleteAccount", "Delete one's account")
            .about("What waits is cancelled; jobs, videos and files are gone for good.")
            .by(Access::Session)
            .takes::<Farewell>(&json!({"password": "correct horse battery"}))
            .answers_nothing(204, "The account is gone.")
            .refuses([ApiError::InvalidCredentials, ApiError::TooManyAttempts(480)])
            .refuses([ApiError::WrongState("Make somebody else administrator first.")]),
        Call::post("/api/auth/password", "changePassword", "Take another password")
            .about("All other sessions end, and their websockets close.")
            .by(Access::Session)
            .takes::<NewPassword>(
                &json!({"currentPassword": "correct horse battery", "newPassword": "staple of batteries"}),
            )
            .answers_nothing(204, "The password is another one.")
            .refuses([ApiError::InvalidCredentials, ApiError::TooManyAttempts(480)]),
        Call::get("/api/auth/export", "exportAccount", "Everything on record of one's account")
            .by(Access::Session)
            .answers(200, "A document to keep.", &export()),
        Call::get("/api/auth/sessions", "listSessions", "Where one is signed in").by(Access::Session).answers(
            200,
            "The sessions that are alive, newest first.",
            &OpenSessions { data: vec![sample::session()] },
        ),
        Call::delete("/api/auth/sessions", "endOtherSessions", "End all sessions but the one that asks")
            .by(Access::Session)
            .answers_nothing(204, "They have ended; their websockets close."),
        Call::delete("/api/auth/sessions/{session}", "endSession", "End a session")
            .by(Access::Session)
            .answers_nothing(204, "It has ended; its websockets close."),
    ]
}

fn me() -> Me {
    let storage = StorageUse { used: 31_457_280, quota: None };
    Me { user: sample::user(), expires_at: sample::LATER.into(), storage }
}

fn signed_in() -> SignedIn {
    SignedIn { user: sample::user(), token: None, expires_at: sample::LATER.into() }
}

fn export() -> Export {
    let attempt = ExportedAttempt {
        number: 1,
        sent_at: sample::NOW.into(),
        outcome: Some("completed".into()),
        may_have_been_charged: true,
    };
    Export {
        images: vec![sample::image()],
        exported_at: sample::NOW.into(),
        user: sample::user(),
        sessions: vec![sample::session()],
        api_keys: vec![sample::key()],
        jobs: vec![ExportedJob { job: sample::completed(), attempts: vec![attempt], video: Some(sample::video()) }],
    }
}
