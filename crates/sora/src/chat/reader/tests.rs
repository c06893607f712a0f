//! Streams as a whole: what is believed when.

use super::*;
use serde_json::json;

fn reader(prompt: &str) -> Reader {
    Reader::new(PromptEcho::new(prompt), Url::parse("https://up.example/v1/chat/completions").unwrap())
}

fn content(text: &str) -> RawFrame {
    RawFrame::Data(json!({"choices": [{"delta": {"content": text}}]}).to_string())
}

/// How a stream ends that says these texts: the paths of its candidates, or its outcome.
fn end(texts: &[&str], broken: bool) -> Result<Vec<String>, Outcome> {
    let mut reader = reader("a prompt");
    texts.iter().for_each(|text| reader.take(&content(text)));
    reader.end(broken.then(|| Failure::new(Outcome::Stalled, "silence")));
    match reader.ended().unwrap() {
        Ok(()) => {
            let found = reader.events.iter().filter_map(|event| match event {
                Event::Candidate(candidate) => Some(candidate.url.path().to_owned()),
                _ => None,
            });
            Ok(found.collect())
        }
        Err(failure) => Err(failure.outcome),
    }
}

fn both(texts: &[&str]) -> Result<Vec<String>, Outcome> {
    let (clean, broken) = (end(texts, false), end(texts, true));
    assert_eq!(clean, broken, "{texts:?}");
    clean
}

#[test]
fn a_stream_that_ends_with_a_candidate_is_finished_whatever_ended_it() {
    assert_eq!(both(&["> 🏃 进度：50%\n", "see https://h/v.mp4"]), Ok(vec!["/v.mp4".into()]));
    assert_eq!(both(&["> 🏃 进度：50%\n", "here: https://h/abc\n"]), Ok(vec!["/abc".into()]));
    assert_eq!(end(&["> 🏃 进度：50%\n"], false), Err(Outcome::Interrupted));
    assert_eq!(end(&["> 🏃 进度：50%\n"], true), Err(Outcome::Stalled));
}

#[test]
fn links_above_the_progress_are_not_results_unless_they_look_like_videos() {
    assert_eq!(end(&["> [task](https://h/task)\n> 🏃 进度：50%\n"], true), Err(Outcome::Stalled));
    assert_eq!(both(&["> [demo](https://h/d.mp4)\n> 🏃 进度：50%\n"]), Ok(vec!["/d.mp4".into()]));
}

#[test]
fn a_failure_is_believed_at_the_end_unless_something_contradicts_it() {
    let notice = "> 温馨提示：生成失败不扣费，请勿重复提交\n";
    assert_eq!(both(&[notice, "> 🏃 进度：50%\n", "> ✅ [v](https://h/v.mp4)\n"]), Ok(vec!["/v.mp4".into()]));
    assert_eq!(both(&["https://h/abc\n", notice]), Ok(vec!["/abc".into()]));
    assert_eq!(end(&[notice], true), Err(Outcome::Stalled));
    assert_eq!(both(&["> 🏃 进度：50%\n", "> ❌ 生成失败: 服务异常 https://h/status\n"]), Err(Outcome::Interrupted));
    assert_eq!(both(&["https://h/v.mp4\n", "> ❌ 去水印失败\n"]), Ok(vec!["/v.mp4".into()]));
}

#[test]
fn only_a_policy_verdict_is_a_refusal_and_prose_is_one_only_without_a_result() {
    assert_eq!(both(&["> 🏃 进度：50%\n", "> ❌ 生成失败: 内容违规\n"]), Err(Outcome::Refused));
    assert_eq!(
        end(&["Sorry, this violates our usage policies: https://h/policies/usage\n"], false),
        Err(Outcome::Refused)
    );
    assert_eq!(both(&["https://h/v.mp4\n", "Follow our content policy.\n"]), Ok(vec!["/v.mp4".into()]));
    assert_eq!(both(&["> ❌ 违规内容不会生成\n", "> 🏃 进度：50%\n", "https://h/v.mp4"]), Ok(vec!["/v.mp4".into()]));
    assert_eq!(end(&["> ⚠️ 内容违规，任务终止\n"], false), Err(Outcome::Refused));
}

#[test]
fn the_models_own_refusal_and_its_reason_to_finish_count() {
    let frame = |choice: &Value| RawFrame::Data(json!({"choices": [choice]}).to_string());
    for (frames, reason) in [
        (vec![json!({"delta": {"content": ""}, "finish_reason": "content_filter"})], "content_filter"),
        (
            vec![json!({"delta": {"refusal": "I can't "}}), json!({"delta": {"refusal": "do that."}})],
            "I can't do that.",
        ),
        (
            vec![json!({"delta": {"content": "No such scenes."}}), json!({"finish_reason": "content_filter"})],
            "No such scenes.",
        ),
    ] {
        let mut reader = reader("a prompt");
        frames.iter().for_each(|choice| reader.take(&frame(choice)));
        reader.end(None);
        let failure = reader.ended().unwrap().clone().unwrap_err();
        assert_eq!((failure.outcome, failure.reason.as_deref()), (Outcome::Refused, Some(reason)));
    }
}

#[test]
fn an_error_before_anything_else_started_nothing_unless_something_follows() {
    let busy = RawFrame::Data(json!({"error": {"message": "No available tokens"}}).to_string());
    let outcome = |frames: &[&RawFrame]| {
        let mut reader = reader("a prompt");
        frames.iter().for_each(|frame| reader.take(frame));
        reader.end(None);
        reader.ended().unwrap().clone().unwrap_err().outcome
    };
    assert_eq!(outcome(&[&busy]), Outcome::Busy);
    assert_eq!(outcome(&[&busy, &content("working on it")]), Outcome::Interrupted);
    assert_eq!(outcome(&[&content("working on it"), &busy]), Outcome::Interrupted);
    let event =
        RawFrame::Error(json!({"message": "内容违规 content policy", "code": "moderation_blocked"}).to_string());
    assert_eq!(outcome(&[&content("> 🏃 进度：50%\n"), &event]), Outcome::Refused);
}

#[test]
fn an_answer_in_an_unknown_format_is_told_from_one_that_broke_off() {
    let outcome = |data: &str| {
        let mut reader = reader("a prompt");
        reader.take(&RawFrame::Data(data.into()));
        reader.end(None);
        (reader.ended().unwrap().clone().unwrap_err().outcome, reader.evidence())
    };
    assert_eq!(outcome(r#"{"hello":1}"#), (Outcome::Unreadable, Some(r#"{"hello":1}"#.into())));
    assert_eq!(outcome(r#"{"choices": []}"#).0, Outcome::Interrupted);
    assert_eq!(outcome("garbage").0, Outcome::Interrupted);
}

#[test]
fn accepts_once_and_keeps_the_prompts_links_out() {
    let mut reader = reader("like https://h/mine.mp4");
    reader.take(&content("> like https://h/mine.mp4\n> 排队中\n> ✅ [v](https://h/v.mp4) [w](https://h/mine.mp4)\n"));
    reader.take(&RawFrame::Data("[DONE]".into()));
    let candidates = reader.events.iter().filter(|event| matches!(event, Event::Candidate(_))).count();
    let accepted = reader.events.iter().filter(|event| matches!(event, Event::Accepted(_))).count();
    assert_eq!((candidates, accepted, reader.events.back()), (1, 1, Some(&Event::Finished)));
}
