//! How many sockets may be open, in this process and from one address, whether or not they have said who they are.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::live::frame::Close;

#[derive(Default)]
struct Inside {
    all: u32,
    by_address: HashMap<IpAddr, u32>,
}

/// Counts who is in.
#[derive(Clone)]
pub(crate) struct Doors {
    most: NonZeroU32,
    most_of_address: NonZeroU32,
    inside: Arc<Mutex<Inside>>,
}

/// Somebody's place, given up when dropped.
pub(crate) struct Ticket {
    doors: Doors,
    address: IpAddr,
}

impl Doors {
    /// With room for `most` in all and for `most_of_address` from each address.
    pub(crate) fn new(most: NonZeroU32, most_of_address: NonZeroU32) -> Self {
        Self { most, most_of_address, inside: Arc::default() }
    }

    /// Lets somebody in.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn enter(&self, address: IpAddr) -> Result<Ticket, Close> {
        let address = network(address);
        let mut inside = self.lock();
        if inside.all >= self.most.get() {
            return Err(Close::Overloaded);
        }
        let of_address = inside.by_address.entry(address).or_default();
        if *of_address >= self.most_of_address.get() {
            return Err(Close::TooMany);
        }
        *of_address += 1;
        inside.all += 1;
        Ok(Ticket { doors: self.clone(), address })
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut inside = self.doors.lock();
        inside.all -= 1;
        if let Some(of_address) = inside.by_address.get_mut(&self.address) {
            *of_address -= 1;
            if *of_address == 0 {
                inside.by_address.remove(&self.address);
            }
        }
    }
}

/// What counts as one address: whoever has an IPv6 address has 2⁶⁴ of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors(most: u32, most_of_address: u32) -> Doors {
        Doors::new(NonZeroU32::new(most).unwrap(), NonZeroU32::new(most_of_address).unwrap())
    }

    fn enter(doors: &Doors, address: &str) -> Result<Ticket, Close> {
        doors.enter(address.parse().unwrap())
    }

    #[test]
    fn bounds_all_and_each_address() {
        let doors = doors(3, 2);
        let a = (enter(&doors, "192.0.2.1").ok().unwrap(), enter(&doors, "::ffff:192.0.2.1").ok().unwrap());
        assert_eq!(enter(&doors, "192.0.2.1").err(), Some(Close::TooMany));
        let b = enter(&doors, "192.0.2.2");
        assert_eq!(enter(&doors, "192.0.2.3").err(), Some(Close::Overloaded));
        drop((a, b));
        assert!(doors.lock().all == 0 && doors.lock().by_address.is_empty());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let doors = doors(9, 1);
        let _in = enter(&doors, "2001:db8::1");
        assert_eq!(enter(&doors, "2001:db8::ffff:1").err(), Some(Close::TooMany));
        assert!(enter(&doors, "2001:db8:0:1::1").is_ok());
    }
}
