//! What a download finds in place of a file, or on its way to it.

/// What is wrong with a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// 404
    NotFound,
    /// 403: the address has expired.
    Expired,
    /// 410
    Gone,
    /// A page with status 200.
    Html,
    /// An error object with status 200.
    Json,
    /// No bytes.
    Empty,
    /// The announced length, and half of the bytes.
    Truncated,
}

/// Where the address of a result points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Address {
    /// To this server.
    #[default]
    Here,
    /// To a closed port of the client's own machine.
    Loopback,
    /// To what clouds keep for their machines alone.
    Metadata,
}

/// What stands between an address and its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Redirect {
    #[default]
    None,
    /// 302 to the file.
    File,
    /// 302 to [`Address::Metadata`].
    Metadata,
}

/// What the downloads of a result find.
#[derive(Clone, Debug, Default)]
pub(crate) struct FilePlan {
    pub(crate) address: Address,
    pub(crate) redirect: Redirect,
    /// Ranges are ignored.
    pub(crate) no_range: bool,
    /// Size of the file, in MiB.
    pub(crate) megabytes: Option<u64>,
    /// Each for the first so many downloads, or for all; those of tags before those of flags.
    faults: Vec<(Fault, Option<u64>)>,
    next: usize,
}

impl FilePlan {
    /// Spoils the first so many downloads, or all.
    pub(crate) fn spoil(&mut self, fault: Fault, first: Option<u64>) {
        // Of two that hold for all, the later one prevails.
        let at = if first.is_some() { self.next } else { 0 };
        self.faults.insert(at, (fault, first));
        self.next += 1;
    }

    /// What comes from now on stands before what is there.
    pub(crate) fn prevail(&mut self) {
        self.next = 0;
    }

    /// What is wrong with the `nth` download (from 1): what is counted prevails, the earlier one first.
    pub(crate) fn fault(&self, nth: u64) -> Option<Fault> {
        let counted = self.faults.iter().find(|(_, first)| first.is_some_and(|first| nth <= first));
        counted.or_else(|| self.faults.iter().find(|(_, first)| first.is_none())).map(|(fault, _)| *fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_faults_pass_and_tags_prevail() {
        let mut plan = FilePlan::default();
        plan.spoil(Fault::Html, None);
        plan.spoil(Fault::Gone, Some(4));
        plan.prevail();
        plan.spoil(Fault::NotFound, Some(1));
        plan.spoil(Fault::Truncated, Some(2));
        plan.spoil(Fault::Json, None);
        let faults = [1, 2, 3, 4, 5].map(|nth| plan.fault(nth).unwrap());
        assert_eq!(faults, [Fault::NotFound, Fault::Truncated, Fault::Gone, Fault::Gone, Fault::Json]);
    }
}
