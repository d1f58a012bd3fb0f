//! An interface's measurements of its channel: a message with NL80211_ATTR_SURVEY_INFO, which contains
//! attributes itself. There is a message for each channel; one of them is in use.

use super::super::message::{attributes, field, number};

/// The attribute of the message.
pub(super) const SURVEY_INFO: u16 = 84;

/// Attributes of a channel.
pub(super) const FREQUENCY: u16 = 1;
pub(super) const NOISE: u16 = 2;
pub(super) const IN_USE: u16 = 3;
pub(super) const TIME: u16 = 4;
const TIMES: u16 = 5;

/// The channel that an interface uses; `None` for values that the driver does not report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    pub megahertz: Option<u32>,
    /// In dBm.
    pub noise: Option<i8>,
    /// In milliseconds: that the radio was on this channel; of that, that the channel was busy, that only the
    /// secondary channel of a wide one was, that it was receiving, and that it was transmitting.
    pub times: [Option<u64>; TIMES as usize],
}

impl Survey {
    /// The channel that the attributes of a message describe; `None` for one that is not in use.
    pub(super) fn of(message: &[u8]) -> Option<Survey> {
        let (_, nested) = attributes(message).find(|(kind, _)| *kind == SURVEY_INFO)?;
        let (mut survey, mut is_used) = (Survey::default(), false);
        for (kind, bytes) in attributes(nested) {
            match kind {
                FREQUENCY => survey.megahertz = number(bytes, 0),
                NOISE => survey.noise = bytes.first().map(|byte| byte.cast_signed()),
                IN_USE => is_used = true,
                _ => {
                    let at = kind.checked_sub(TIME).map(usize::from);
                    if let Some(time) = at.and_then(|at| survey.times.get_mut(at)) {
                        *time = field(bytes, 0).map(u64::from_ne_bytes);
                    }
                }
            }
        }
        is_used.then_some(survey)
    }
}
