//! Every text a person sees, in every language. A language is one more column of this table.
use std::str::FromStr;

use crate::{
    capture::Fault,
    challenge::{Guide, Reason, Verdict},
    step::Step,
};

/// A language of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Lang {
    /// Every language, in the order of the table's columns.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// The code used on the command line.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// The language for a locale such as `zh_CN.UTF-8` or `en-GB`; English where there is no better.
    pub fn from_locale(locale: &str) -> Self {
        let language = locale.split(['-', '_', '.', '@']).next().unwrap_or("");
        language.to_ascii_lowercase().parse().unwrap_or_default()
    }

    /// The language the operating system is set to.
    pub fn from_system() -> Self {
        sys_locale::get_locale().map_or(Self::En, |locale| Self::from_locale(&locale))
    }
}

/// The text is not the code of a language; says which codes there are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown language {0:?}; languages are en, zh")]
pub struct UnknownLang(String);

impl FromStr for Lang {
    type Err = UnknownLang;

    fn from_str(text: &str) -> Result<Self, UnknownLang> {
        let found = Self::ALL.into_iter().find(|lang| lang.code() == text);
        found.ok_or_else(|| UnknownLang(text.to_owned()))
    }
}

/// One thing the window says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// Asks for a step.
    Ask(Step),
    /// The step was seen; asks for the return to rest.
    Return(Step),
    /// What keeps the challenge from beginning; `None` while the face is measured at rest.
    Guide(Option<Guide>),
    /// What is wrong with the camera.
    Fault(Fault),
    /// Something else than the step was seen.
    OnceMore,
    /// How it ended.
    Verdict(Verdict),
    /// Why it did not pass.
    Reason(Reason),
    /// Which key begins anew.
    Restart,
    /// Which key stops.
    Cancel,
    /// The preview's name for a signal: openness of the eyes.
    Eyes,
    /// Openness of the mouth.
    Mouth,
    /// Turn of the head.
    Yaw,
    /// Tilt of the head.
    Pitch,
    /// The nod ratio.
    Nod,
    /// Unit of the rate of frames.
    PerSecond,
    /// Frames dropped.
    Dropped,
    /// The preview's key for the mesh.
    KeyMesh,
    /// The preview's key for the plots.
    KeySignals,
    /// The preview's key for full screen.
    KeyFull,
    /// The preview's key to leave.
    KeyQuit,
}

impl Text {
    /// The text in `lang`.
    pub const fn get(self, lang: Lang) -> &'static str {
        self.row()[lang as usize]
    }

    const fn row(self) -> [&'static str; Lang::ALL.len()] {
        match self {
            Self::Ask(step) => ask(step),
            Self::Return(Step::OpenMouth) => ["Now close your mouth", "很好，请合上嘴巴"],
            Self::Return(_) => ["Now look straight ahead", "很好，请正视前方"],
            Self::Guide(None) => ["Good, hold still", "很好，请保持不动"],
            Self::Guide(Some(guide)) => hint(guide),
            Self::Fault(fault) => broken(fault),
            Self::OnceMore => ["Once more, please", "请再做一次"],
            Self::Verdict(verdict) => outcome(verdict),
            Self::Reason(reason) => why(reason),
            Self::Restart => ["Press space to start again", "按空格键重新开始"],
            Self::Cancel => ["ESC  cancel", "ESC  取消"],
            Self::Eyes => ["eyes", "眼睛"],
            Self::Mouth => ["mouth", "嘴巴"],
            Self::Yaw => ["turn", "转头"],
            Self::Pitch => ["tilt", "俯仰"],
            Self::Nod => ["nod", "点头"],
            Self::PerSecond => ["frames/s", "帧/秒"],
            Self::Dropped => ["dropped", "丢帧"],
            Self::KeyMesh => ["mesh", "网格"],
            Self::KeySignals => ["signals", "信号"],
            Self::KeyFull => ["full screen", "全屏"],
            Self::KeyQuit => ["quit", "退出"],
        }
    }

    /// Every text there is.
    pub fn all() -> impl Iterator<Item = Self> {
        let plain = [
            Self::Guide(None),
            Self::OnceMore,
            Self::Verdict(Verdict::Passed),
            Self::Verdict(Verdict::Failed(Reason::StepTimeout)),
            Self::Verdict(Verdict::Inconclusive(Reason::StepTimeout)),
            Self::Verdict(Verdict::Cancelled),
            Self::Restart,
            Self::Cancel,
            Self::Eyes,
            Self::Mouth,
            Self::Yaw,
            Self::Pitch,
            Self::Nod,
            Self::PerSecond,
            Self::Dropped,
            Self::KeyMesh,
            Self::KeySignals,
            Self::KeyFull,
            Self::KeyQuit,
        ];
        let steps = Step::ALL.into_iter();
        plain
            .into_iter()
            .chain(steps.flat_map(|step| [Self::Ask(step), Self::Return(step)]))
            .chain(Guide::ALL.map(|guide| Self::Guide(Some(guide))))
            .chain(Fault::ALL.map(Self::Fault))
            .chain(Reason::ALL.map(Self::Reason))
    }
}

const fn ask(step: Step) -> [&'static str; Lang::ALL.len()] {
    match step {
        Step::Blink => ["Blink your eyes", "请眨眨眼"],
        Step::OpenMouth => ["Open your mouth", "请张大嘴巴"],
        Step::TurnLeft => ["Turn your head to your left", "请向左转头"],
        Step::TurnRight => ["Turn your head to your right", "请向右转头"],
        Step::Nod => ["Nod your head", "请点点头"],
        Step::Shake => ["Shake your head", "请左右摇头"],
        Step::BlinkTwice => ["Blink twice", "请眨两次眼"],
        Step::HoldStill => ["Hold still", "请保持不动"],
    }
}

const fn hint(guide: Guide) -> [&'static str; Lang::ALL.len()] {
    match guide {
        Guide::NoFace => ["Step in front of the camera", "请站到摄像头前"],
        Guide::SeveralFaces => ["One person at a time, please", "请确保画面中只有您一人"],
        Guide::MoveCloser => ["Come a little closer", "请靠近一点"],
        Guide::MoveBack => ["Move back a little", "请后退一点"],
        Guide::CentreFace => ["Move your face into the oval", "请将脸移到框内"],
        Guide::TooDark => ["Too dark: find more light", "光线太暗，请到亮一点的地方"],
        Guide::TooBright => ["Too bright: avoid strong light", "光线太强，请避开强光"],
        Guide::HoldStill => ["Please hold still", "请保持不动"],
        Guide::LookAhead => ["Look straight ahead", "请正视前方"],
        Guide::CloseMouth => ["Close your mouth", "请合上嘴巴"],
        Guide::FaceCovered => ["Please uncover your face", "请不要遮挡脸部"],
        Guide::RemoveGlasses => ["Please take off your glasses", "请摘下眼镜"],
    }
}

/// Whoever stands before a kiosk can do little about its camera, but should know that it is not their fault.
const fn broken(fault: Fault) -> [&'static str; Lang::ALL.len()] {
    match fault {
        Fault::Unplugged => [
            "The camera is unplugged: plug it in",
            "摄像头已断开，请重新插好",
        ],
        Fault::Denied => [
            "This program may not use the camera",
            "没有使用摄像头的权限",
        ],
        Fault::Busy => ["Another program uses the camera", "摄像头正被其他程序使用"],
        Fault::FormatRefused => ["The camera's format cannot be read", "无法读取摄像头的格式"],
        Fault::Crashed => ["The camera's driver broke down", "摄像头驱动出错"],
        Fault::IoError => [
            "The camera cannot be read: check its cable",
            "无法读取摄像头，请检查连线",
        ],
        Fault::Stalled => ["The camera sends no picture", "摄像头没有画面"],
        Fault::WrongSize => [
            "The camera's picture has a wrong size",
            "摄像头画面尺寸不符",
        ],
        Fault::Damaged => ["The camera's picture is damaged", "摄像头画面损坏"],
        Fault::Black => [
            "Too dark: is the camera covered?",
            "画面全黑，请检查镜头是否被遮挡",
        ],
        Fault::Frozen => ["The camera's picture stands still", "摄像头画面静止不动"],
        Fault::Slow => [
            "The camera is too slow: find more light",
            "摄像头太慢，请到亮一点的地方",
        ],
    }
}

const fn outcome(verdict: Verdict) -> [&'static str; Lang::ALL.len()] {
    match verdict {
        Verdict::Passed => ["All done, thank you", "验证通过，谢谢"],
        Verdict::Failed(_) => ["That did not work", "验证未通过"],
        Verdict::Inconclusive(_) => ["Could not finish", "未能完成验证"],
        Verdict::Cancelled => ["Cancelled", "已取消"],
    }
}

const fn why(reason: Reason) -> [&'static str; Lang::ALL.len()] {
    match reason {
        Reason::StepTimeout => ["Time ran out", "动作超时"],
        Reason::WrongGesture => ["A different movement was seen", "动作与提示不符"],
        Reason::FaceLost => ["Your face left the picture", "人脸离开了画面"],
        Reason::FaceChanged => ["Somebody else took your place", "画面中换了人"],
        Reason::FlatFace => ["No depth was seen in the face", "未检测到脸部的立体感"],
        Reason::FaceCovered => ["The face was covered", "脸部被遮挡"],
        Reason::FaceJumped => ["The face moved too fast", "脸部移动过快"],
        Reason::FrozenPicture => ["The camera's picture stands still", "摄像头画面静止不动"],
        Reason::RepeatedPicture => ["The camera's picture repeats itself", "摄像头画面重复"],
        Reason::NoMatch => ["This is not the expected person", "与预期人员不符"],
        Reason::NotLive => ["This does not look like a live face", "画面疑似非真人"],
        Reason::SeveralFaces => ["Somebody else was in view", "画面中有其他人"],
        Reason::SessionTimeout => ["It took too long", "用时过长"],
        Reason::NobodyCame => ["Nobody was in front of the camera", "摄像头前没有人"],
        Reason::PoorPicture => [
            "Your face could not be seen well for long enough",
            "未能持续看清您的脸",
        ],
        Reason::NeverReady => ["Your face could not be seen well", "未能看清您的脸"],
        Reason::SourceEnded => ["The recording has ended", "录像已播放完毕"],
        Reason::SourceFailed => ["The camera stopped working", "摄像头出现故障"],
        Reason::VirtualCamera => ["This camera cannot be trusted", "该摄像头不可信"],
        Reason::LockedOut => ["Please wait a while", "请稍候"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_of_the_table_is_empty() {
        for text in Text::all() {
            for lang in Lang::ALL {
                assert!(!text.get(lang).trim().is_empty(), "{text:?} in {lang:?}");
            }
        }
    }

    #[test]
    fn a_locale_names_its_language() {
        for chinese in ["zh", "zh_CN.UTF-8", "zh-Hans-CN", "ZH-TW", "zh.utf8"] {
            assert_eq!(Lang::from_locale(chinese), Lang::Zh, "{chinese}");
        }
        for other in ["en", "en_GB.UTF-8", "C", "POSIX", "", "de-DE", "zha"] {
            assert_eq!(Lang::from_locale(other), Lang::En, "{other}");
        }
    }

    #[test]
    fn every_code_reads_back() {
        for lang in Lang::ALL {
            assert_eq!(lang.code().parse(), Ok(lang));
        }
        let unknown = "fr".parse::<Lang>().unwrap_err().to_string();
        assert!(Lang::ALL.iter().all(|lang| unknown.contains(lang.code())));
    }
}
