//! The tables `[[pool]]`. Without any, all upstreams make one pool.

use toml::de::DeValue;

use super::section::{Named, Section};
use super::values;
use crate::{DEFAULT_POOL, Member, Pool, Upstream};

/// Each pool has a backlog of its own, which every pass over the queue visits.
const MAX_POOLS: usize = 16;
const MEMBERS: &str = "a list of upstreams, such as [\"relay\", { name = \"spare\", priority = 2 }]";

/// Reads all pools.
pub(super) fn read(file: &mut Section<'_>, upstreams: &Named<Upstream>) -> Named<Pool> {
    let mut pools = Named::new();
    let sections = file.tables("pool");
    if sections.is_empty() {
        let members = upstreams.names().map(|name| Member { upstream: name.to_owned(), priority: 1 }).collect();
        pools.imply(DEFAULT_POOL, Pool { name: DEFAULT_POOL.to_owned(), members });
    }
    for (place, section) in sections.into_iter().enumerate() {
        pools.declare(&section);
        if place == MAX_POOLS {
            section.mistake(section.at(), format!("there are at most {MAX_POOLS} pools; remove the others"));
        }
        let pool = pool(section, upstreams, &pools.values);
        pools.values.extend(pool);
    }
    pools
}

fn pool(mut section: Section<'_>, upstreams: &Named<Upstream>, earlier: &[Pool]) -> Option<Pool> {
    let name = section.required("name", "a name of your choice, such as \"default\"", values::name);
    let mut members: Vec<Member> = Vec::new();
    for (at, member) in section.list("upstreams", MEMBERS, member) {
        let upstream = &member.upstream;
        let taken = earlier.iter().find(|pool| pool.members.iter().any(|other| other.upstream == *upstream));
        if !upstreams.is_declared(upstream) {
            section
                .mistake(at, format!("upstreams: there is no upstream {upstream:?}; {}", upstreams.remedy(upstream)));
        } else if members.iter().any(|other| other.upstream == *upstream) {
            section.mistake(at, format!("upstreams: {upstream:?} is listed twice; remove one"));
        } else if let Some(Pool { name, .. }) = taken {
            section.mistake(
                at,
                format!(
                    "upstreams: {upstream:?} belongs to the pool {name:?}; an upstream has one pool. Add a second \
                     [[upstream]] with the same url, another name and its share of the concurrency"
                ),
            );
        } else {
            members.push(member);
        }
    }
    section.finish();
    Some(Pool { name: name?, members })
}

/// A name, or a table with `name` and `priority`.
fn member(value: &DeValue<'_>) -> Result<Member, String> {
    let wrong = || "must be an upstream's name, or a table such as { name = \"spare\", priority = 2 }".to_owned();
    if let Some(name) = value.as_str() {
        return Ok(Member { upstream: name.to_owned(), priority: 1 });
    }
    let table = value.as_table().ok_or_else(wrong)?;
    if table.keys().any(|key| !["name", "priority"].contains(&&**key.get_ref())) {
        return Err(wrong());
    }
    let upstream = table.get("name").and_then(|name| name.get_ref().as_str()).ok_or_else(wrong)?.to_owned();
    let priority = table.get("priority").map(|value| values::number(value.get_ref(), &(1..=100)));
    let priority = priority.transpose().map_err(|remedy| format!("has a priority, which {remedy}"))?.unwrap_or(1);
    Ok(Member { upstream, priority })
}
