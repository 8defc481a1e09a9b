//! Drawings as pictures, for slides and chats that take no SVG.

use std::sync::{Arc, LazyLock};

use epaint_default_fonts::UBUNTU_LIGHT;
use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{self, Options, Tree, fontdb};

/// Pixels of the picture to a pixel of the drawing.
const SCALE: f32 = 2.0;

/// One font, brought along: the system's fonts would give other pixels on another machine.
static FONTS: LazyLock<(Arc<fontdb::Database>, String)> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(UBUNTU_LIGHT.to_vec());
    let family = fonts.faces().next().and_then(|face| face.families.first()).map(|(name, _)| name.clone());
    let family = family.unwrap_or_default();
    fonts.set_sans_serif_family(family.clone());
    fonts.set_serif_family(family.clone());
    (Arc::new(fonts), family)
});

/// A drawing that cannot become a picture: a mistake in this program.
#[derive(Debug, thiserror::Error)]
pub enum RasterError {
    /// It is not the SVG that is understood.
    #[error("the drawing cannot be read")]
    Drawing(#[from] usvg::Error),
    /// It has no size, or one that no picture has.
    #[error("a drawing of {0} x {1} pixels has no picture")]
    Size(u32, u32),
    /// The picture cannot be written as PNG.
    #[error("the picture cannot be encoded: {0}")]
    Encode(String),
}

/// A PNG of an SVG document, in its light colors on white, twice its size.
pub(crate) fn png(svg: &str) -> Result<Vec<u8>, RasterError> {
    let (fonts, family) = &*FONTS;
    let options = Options { fontdb: Arc::clone(fonts), font_family: family.clone(), ..Options::default() };
    let tree = Tree::from_str(svg, &options)?;
    let size = tree.size();
    let (width, height) = ((size.width() * SCALE).ceil() as u32, (size.height() * SCALE).ceil() as u32);
    let mut picture = Pixmap::new(width, height).ok_or(RasterError::Size(width, height))?;
    picture.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut picture.as_mut());
    picture.encode_png().map_err(|error| RasterError::Encode(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(png: &[u8]) -> Pixmap {
        Pixmap::decode_png(png).expect("it is a PNG")
    }

    #[test]
    fn text_and_classes_leave_ink_on_white() {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 60 20\" width=\"60\" height=\"20\">\
                   <style>.f-ink{fill:#c23b2e}</style>\
                   <text class=\"f-ink\" font-family=\"ui-sans-serif,sans-serif\" x=\"2\" y=\"15\">leak</text></svg>";
        let picture = pixels(&png(svg).expect("a picture"));
        assert_eq!((picture.width(), picture.height()), (120, 40));
        let red = picture.pixels().iter().filter(|pixel| pixel.red() > 150 && pixel.green() < 120).count();
        assert!(red > 30, "{red} red pixels: the text is drawn in its color");
        assert_eq!(picture.pixel(119, 0).map(|pixel| pixel.demultiply().red()), Some(255));
        assert_eq!(png(svg).expect("again"), png(svg).expect("and again"));
    }

    #[test]
    fn what_is_no_drawing_is_an_error() {
        assert!(matches!(png("<svg"), Err(RasterError::Drawing(_))));
    }
}
