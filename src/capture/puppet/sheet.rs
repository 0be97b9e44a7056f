//! A print of the portrait: a sheet in space, flat or bent. A screen is one too, stiff and framed.
use super::{
    pose::{Sheet, rotation},
    render::{Corner, Paint, Triangle},
};

/// Cells of the sheet's grid each way: enough for a bend to look round.
const CELLS: usize = 12;
/// Half of the printed part, in face widths: head and shoulders.
const HALF: [f32; 2] = [1.05, 1.3];
/// White border of the paper, in face widths.
const BORDER: f32 = 0.06;
/// Distance of the camera, in face widths of the print.
const DISTANCE: f32 = 5.5;

/// The black about a tablet's screen, in face widths.
const BEZEL: f32 = 0.1;
const BLACK: [u8; 3] = [16, 16, 18];

const PAPER: [u8; 3] = [226, 224, 218];
const SKIN: [u8; 3] = [186, 138, 112];

/// A print of the portrait.
#[derive(Clone, Debug)]
pub(super) struct Print {
    /// Points: place on the sheet from its middle in face widths, lift from the sheet, and skin.
    points: Vec<([f32; 3], [f32; 2])>,
    triangles: Vec<Triangle>,
    centre: [f32; 2],
    width: f32,
    /// Half of what is shown, in face widths.
    half: [f32; 2],
}

impl Print {
    /// A print about the face in `centre` that is `width` wide, both in picture pixels.
    pub(super) fn new(centre: [f32; 2], width: f32) -> Self {
        let mut print = Self::framed(centre, width, HALF, BORDER, PAPER);
        print.add_thumb([0.75, HALF[1] + 0.02], [0.17, 0.3]);
        print
    }

    /// A screen that shows the middle of a picture, `half` of it each way in face widths.
    pub(super) fn screen(centre: [f32; 2], width: f32, half: [f32; 2]) -> Self {
        Self::framed(centre, width, half, BEZEL, BLACK)
    }

    fn framed(centre: [f32; 2], width: f32, half: [f32; 2], border: f32, colour: [u8; 3]) -> Self {
        let mut print = Self {
            points: Vec::new(),
            triangles: Vec::new(),
            centre,
            width,
            half,
        };
        print.add_grid(half.map(|half| half + border), 0.01, Paint::Flat(colour));
        print.add_grid(half, 0.0, Paint::Photo);
        print
    }

    pub(super) fn triangles(&self) -> &[Triangle] {
        &self.triangles
    }

    fn add(&mut self, x: f32, y: f32, lift: f32) -> usize {
        let skin = [
            self.centre[0] + x * self.width,
            self.centre[1] + y * self.width,
        ];
        self.points.push(([x, y, lift], skin));
        self.points.len() - 1
    }

    fn add_grid(&mut self, half: [f32; 2], lift: f32, paint: Paint) {
        let first = self.points.len();
        for row in 0..=CELLS {
            for column in 0..=CELLS {
                let at = |i: usize, half: f32| (2.0 * i as f32 / CELLS as f32 - 1.0) * half;
                self.add(at(column, half[0]), at(row, half[1]), lift);
            }
        }
        for row in 0..CELLS {
            for column in 0..CELLS {
                let a = first + row * (CELLS + 1) + column;
                let d = a + CELLS + 1;
                for corners in [[a, a + 1, d + 1], [a, d + 1, d]] {
                    self.triangles.push(Triangle { corners, paint });
                }
            }
        }
    }

    /// The thumb that holds the sheet: an ellipse on its lower edge.
    fn add_thumb(&mut self, at: [f32; 2], radius: [f32; 2]) {
        const SIDES: usize = 20;
        let middle = self.add(at[0], at[1], -0.02);
        let first = self.points.len();
        for i in 0..SIDES {
            let (sin, cos) = (std::f32::consts::TAU * i as f32 / SIDES as f32).sin_cos();
            self.add(at[0] + radius[0] * cos, at[1] + radius[1] * sin, -0.02);
        }
        for i in 0..SIDES {
            let corners = [middle, first + i, first + (i + 1) % SIDES];
            self.triangles.push(Triangle {
                corners,
                paint: Paint::Flat(SKIN),
            });
        }
    }

    /// Where every point is when the sheet is held like this, in picture pixels.
    pub(super) fn shape(&self, sheet: &Sheet, out: &mut Vec<Corner>) {
        let turn = rotation(sheet.yaw_deg, sheet.pitch_deg, sheet.roll_deg);
        let curl = self.curl(sheet);
        let place = |&([x, y, lift], skin): &([f32; 3], [f32; 2])| {
            let [x, y] = self.project(&turn, curl, sheet, [x, y, lift]);
            Corner {
                x,
                y,
                // A sheet bent this little never hides itself: layers lie on each other in their order.
                z: lift,
                u: skin[0],
                v: skin[1],
            }
        };
        out.clear();
        out.extend(self.points.iter().map(place));
    }

    /// Where the print shows what is at `skin` in the photograph, both in picture pixels.
    pub(super) fn find(&self, sheet: &Sheet, skin: [f32; 2]) -> [f32; 2] {
        let turn = rotation(sheet.yaw_deg, sheet.pitch_deg, sheet.roll_deg);
        let [x, y] = [0, 1].map(|axis| (skin[axis] - self.centre[axis]) / self.width);
        self.project(&turn, self.curl(sheet), sheet, [x, y, 0.0])
    }

    /// Radians of arc per face width of paper.
    fn curl(&self, sheet: &Sheet) -> f32 {
        sheet.bend / (2.0 * self.half[0])
    }

    /// Where a point of the sheet is, given from its middle in face widths, in picture pixels.
    fn project(
        &self,
        turn: &[[f32; 3]; 3],
        curl: f32,
        sheet: &Sheet,
        [x, y, lift]: [f32; 3],
    ) -> [f32; 2] {
        let at = if curl.abs() < 1e-3 {
            [x, y, lift]
        } else {
            [
                (curl * x).sin() / curl,
                y,
                (1.0 - (curl * x).cos()) / curl + lift,
            ]
        };
        let [x, y, z] = turn.map(|row| row[0] * at[0] + row[1] * at[1] + row[2] * at[2]);
        let scale = self.width * DISTANCE / (DISTANCE + z);
        [
            self.centre[0] + (x + sheet.right) * scale,
            self.centre[1] + (y + sheet.down) * scale,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_keeps_straight_lines_straight_unless_it_is_bent() {
        let print = Print::new([200.0, 100.0], 90.0);
        let sag = |bend: f32| {
            let mut c = Vec::new();
            let sheet = Sheet {
                yaw_deg: 20.0,
                pitch_deg: 25.0,
                bend,
                ..Sheet::default()
            };
            print.shape(&sheet, &mut c);
            // The upper edge: its middle against the line through its ends.
            let (a, m, b) = (c[0], c[CELLS / 2], c[CELLS]);
            ((b.x - a.x) * (m.y - a.y) - (b.y - a.y) * (m.x - a.x)).abs()
                / (b.x - a.x).hypot(b.y - a.y)
        };
        assert!(sag(0.0) < 0.01, "{}", sag(0.0));
        assert!(sag(0.5) > 0.5, "{}", sag(0.5));
    }
}
