//! Words of real servers.

use super::*;

#[test]
fn knows_the_status_words_of_many_servers() {
    for (word, expected) in [
        (" Queued ", Some(Status::Queued)),
        ("IN_QUEUE", Some(Status::Queued)),
        ("Queueing", Some(Status::Queued)),
        ("TASK_STATUS_PROCESSING", Some(Status::Running)),
        ("in-progress", Some(Status::Running)),
        ("In Progress", Some(Status::Running)),
        ("done", Some(Status::Finished)),
        ("Succeed", Some(Status::Finished)),
        ("TASK_STATUS_SUCCEED", Some(Status::Finished)),
        ("Ready", Some(Status::Finished)),
        ("timed out", Some(Status::Failed)),
        ("aborted", Some(Status::Failed)),
        ("rejected", Some(Status::Refused)),
        ("NSFW", Some(Status::Refused)),
        ("Content Moderated", Some(Status::Refused)),
        ("upscaling", None),
        ("2", None),
        ("", None),
    ] {
        assert_eq!(status(word), expected, "{word}");
    }
}

#[test]
fn each_status_word_is_written_as_it_is_looked_up_and_means_one_thing() {
    let mut seen = std::collections::HashSet::new();
    for (meaning, words) in STATUS_WORDS {
        for word in words {
            assert_eq!(status(word), Some(meaning), "{word}");
            assert!(seen.insert(*word), "{word}");
        }
    }
    assert!(POLICY.iter().chain(&NO_VERDICT).all(|word| *word == word.to_lowercase() && !word.contains('_')));
}

#[test]
fn recognises_policy_verdicts() {
    for verdict in [
        "Generated video rejected by content moderation.",
        "imagine:content-moderated",
        "This content may violate our guardrails concerning similarity to third-party content.",
        "Your request was blocked by our moderation system. (moderation_blocked)",
        "ContentPolicyViolationError",
        "OutputVideoSensitiveContentDetected",
        "DataInspectionFailed",
        "内容未通过审核",
        "提示词包含敏感信息",
        "sensitive_words_detected",
        "SAFETY.INPUT.TEXT",
        "The prompt could not be submitted: it violates Vertex AI's usage guidelines.",
        "The prompt was rejected by the content safety checker.",
    ] {
        assert!(is_policy(verdict), "{verdict}");
    }
    for other in [
        "内容审核中，请稍候",
        "审核通过，开始生成",
        "Cloudflare challenge or rate limit (429) triggered. Please change proxy or reduce request frequency.",
        "invalid size, see https://host/docs/content-policy#size",
        "the moderation service timed out",
        "duplicate key value violates unique constraint",
        "视频生成服务异常 (internal error)",
    ] {
        assert!(!is_policy(other), "{other}");
    }
    for reason in ["content_filter", "content-filter", "SAFETY", "PROHIBITED_CONTENT"] {
        assert!(is_policy_finish(reason), "{reason}");
    }
    assert!(!is_policy_finish("stop") && !is_policy_finish("length"));
}

#[test]
fn judges_a_long_message_by_its_ends() {
    let list = "a value, ".repeat(200);
    assert!(is_policy(&format!("Traceback: {list} ContentPolicyViolationError")));
    assert!(!is_policy(&format!("must be one of {list} moderation, {list} nothing else")));
}

#[test]
fn tells_a_retry_from_the_advice_to_try_again() {
    for restart in
        ["⚠️ 生成失败，正在重试（1/3）", "第 1 次重试（共 3 次）...", "Generation failed, retrying", "重试中 1/3"]
    {
        assert!(is_restart(restart), "{restart}");
    }
    for advice in ["❌ 生成失败，请稍后重试", "内容违规，请修改后重试", "Generation failed. Please retry later."]
    {
        assert!(!is_restart(advice), "{advice}");
    }
}
