//! Drifts and their details in the store, where all workers see them.

use super::{Drift, DriftDetails, DriftKey, Drifts, Listed, Place};
use crate::{
    digest::Digest,
    store::{DRIFT_DETAILS, DRIFTS, HEADER, Store, Unavailable, cell},
    time::Timestamp,
};

/// The drifts in a store.
#[derive(Clone, Copy, Debug)]
pub struct DriftStore<'s, S: ?Sized>(pub &'s S);

/// What a list showed of a pinned tool.
#[derive(Clone, Debug)]
pub struct Sighting<'l> {
    /// The tool.
    pub tool: &'l str,
    /// Its key.
    pub key: DriftKey,
    /// What was shown.
    pub listed: Listed,
    /// The definition that was shown and the pinned one that was shown before, for the details.
    pub definitions: Option<(&'l str, &'l str)>,
}

/// The pins that a policy has now: of a tool, by its name; `None` if it has none.
pub type Pins<'p> = dyn Fn(&str) -> Option<&'p [Digest]> + 'p;

/// A definition could not be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptError {
    /// No drift has this id: something else was seen since, or it has ended.
    Unknown,
    /// The details were lost, so that the approver cannot have read them.
    DetailsLost,
    /// The store could not be read or written.
    Unavailable,
}

impl From<Unavailable> for AcceptError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl<S: Store> DriftStore<'_, S> {
    /// All drifts.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn read(&self) -> Result<Drifts, Unavailable> {
        let stored = self.0.read(DRIFTS)?;
        // As nearly always.
        if stored.bytes == HEADER {
            return Ok(Drifts::default());
        }
        Drifts::read(&stored.bytes).ok_or(Unavailable)
    }

    /// Takes what one list showed; `grant` is its caller, without secrets. Nothing is written if nothing changes. Where a drift finds no
    /// place, those of tools that have other `pins` now give theirs back.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub fn see(
        &self,
        place: &Place<'_>,
        digest: &str,
        grant: &str,
        sightings: &[Sighting<'_>],
        pins: &Pins<'_>,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let overflow = place.overflow_key();
        let is_other = |sighting: &Sighting<'_>| matches!(sighting.listed, Listed::Other(_));
        let (has_other, known) = (sightings.iter().any(is_other), self.read()?);
        if !has_other && known.is_empty() {
            return Ok(());
        }
        let outdated =
            if has_other && known.is_full(overflow) { self.outdated(place, &known, pins, now) } else { Vec::new() };
        let changed: Vec<(usize, Drift)> = self.0.update(DRIFTS, |bytes| {
            let mut drifts = Drifts::read(bytes).ok_or(Unavailable)?;
            drifts.forget(&outdated);
            let mut changed = Vec::new();
            let mut has_room = true;
            for (index, Sighting { key, listed, .. }) in sightings.iter().enumerate() {
                let drift = drifts.see(*key, overflow, *listed, place.configuration, now);
                changed.extend(drift.map(|drift| (index, drift)));
                has_room &= *listed == Listed::Pinned || drifts.iter().any(|drift| drift.key == *key);
            }
            if has_room {
                drifts.see_room(overflow, place.configuration, now);
            }
            Ok::<_, Unavailable>((changed, Some(drifts.to_bytes())))
        })?;
        for (index, drift) in changed {
            let Some(Sighting { tool, definitions, .. }) = sightings.get(index) else { continue };
            let (seen, before) = definitions.unwrap_or_default();
            let Place { filter, policy, route, .. } = *place;
            let details = DriftDetails { filter, policy, route, configuration: digest, tool, grant, seen, before };
            // Without its details a drift cannot be accepted; it stays one.
            let _: Result<(), Unavailable> =
                self.0.set(cell(&DRIFT_DETAILS, drift.slot), &details.to_bytes(drift.id()));
        }
        Ok(())
    }

    /// The drifts of a policy whose tools have other pins now. One that a list has shown lately stays: another worker may have the
    /// configuration with its pin.
    fn outdated(&self, place: &Place<'_>, drifts: &Drifts, pins: &Pins<'_>, now: Timestamp) -> Vec<DriftKey> {
        let policy = place.overflow_key().policy;
        let is_outdated = |drift: &&Drift| {
            let bytes = self.details(drift).unwrap_or_default();
            DriftDetails::read(&bytes, drift.id()).is_some_and(|details| {
                let place = Place { route: details.route, ..*place };
                pins(details.tool).is_none_or(|pins| place.key(details.tool, pins) != drift.key)
            })
        };
        let old = drifts.iter().filter(|drift| drift.key.policy == policy && !drift.is_overflow() && drift.is_old(now));
        old.filter(is_outdated).map(|drift| drift.key).collect()
    }

    /// The cell with the details of a drift, for [`DriftDetails::read`]; `None` if it cannot be read.
    #[must_use]
    pub fn details(&self, drift: &Drift) -> Option<Vec<u8>> {
        self.0.read(cell(&DRIFT_DETAILS, drift.slot)).ok().map(|stored| stored.bytes)
    }

    /// Accepts the very definition that was seen.
    ///
    /// # Errors
    /// Another definition was seen since, or the approver cannot have read it; or the store cannot be written.
    pub fn accept(&self, id: [u8; 10]) -> Result<Drift, AcceptError> {
        let drifts = self.read()?;
        let drift = drifts.iter().find(|drift| drift.id() == id && !drift.is_overflow()).ok_or(AcceptError::Unknown)?;
        let bytes = self.details(drift).ok_or(AcceptError::Unavailable)?;
        let details = DriftDetails::read(&bytes, id).filter(|details| !details.seen.is_empty());
        details.ok_or(AcceptError::DetailsLost)?;
        self.0.update(DRIFTS, |bytes| {
            let mut drifts = Drifts::read(bytes).ok_or(AcceptError::Unavailable)?;
            let accepted = drifts.accept(id).map_err(|_| AcceptError::Unknown)?;
            Ok((accepted, Some(drifts.to_bytes())))
        })
    }
}
