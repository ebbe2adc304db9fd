//! A real browser that opens pages, tells what it had to complain about, and has a mouse.

use headless_chrome::browser::tab::Tab;
use headless_chrome::protocol::cdp::Page::CaptureScreenshotFormatOption::Png;
use headless_chrome::protocol::cdp::types::Event;
use headless_chrome::protocol::cdp::{Input, Network};
use headless_chrome::{Browser, LaunchOptions};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const REQUIRED: &str = "PARETORANK_REQUIRE_BROWSER";
/// Where Debian has it.
const CHROMIUM: &str = "/usr/bin/chromium";
/// No page takes so long, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(100);

/// A page that was opened.
pub struct Opened {
    _browser: Browser,
    tab: Arc<Tab>,
    complaints: Arc<Mutex<Vec<String>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

/// `None`, with a word about it, where there is no browser and nobody asked for it.
pub fn open(page: &Path) -> Option<Opened> {
    if !Path::new(CHROMIUM).exists() {
        assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set and there is no {CHROMIUM}");
        println!("SKIPPED: there is no {CHROMIUM}; set {REQUIRED}=1 to make this an error");
        return None;
    }
    let options = LaunchOptions::default_builder()
        .path(Some(PathBuf::from(CHROMIUM)))
        .sandbox(false)
        .window_size(Some((1400, 900)))
        .idle_browser_timeout(PATIENCE)
        // Lines of parallel coordinates are drawn by WebGL: here without a graphics card.
        .args(["--enable-unsafe-swiftshader", "--disable-dev-shm-usage"].map(OsStr::new).to_vec())
        .build()
        .unwrap();
    let browser = Browser::new(options).unwrap();
    let tab = browser.new_tab().unwrap();
    tab.set_default_timeout(PATIENCE);
    let (complaints, requests) = <(Arc<Mutex<Vec<String>>>, Arc<Mutex<Vec<String>>>)>::default();
    let (heard, asked) = (Arc::clone(&complaints), Arc::clone(&requests));
    tab.enable_log().unwrap();
    tab.enable_runtime().unwrap();
    tab.call_method(Network::Enable {
        max_total_buffer_size: None,
        max_resource_buffer_size: None,
        max_post_data_size: None,
        report_direct_socket_traffic: None,
        enable_durable_messages: None,
    })
    .unwrap();
    let listener = move |event: &Event| match event {
        Event::LogEntryAdded(e) => heard.lock().unwrap().push(format!("{:?}", e.params.entry)),
        Event::RuntimeExceptionThrown(e) => {
            heard.lock().unwrap().push(format!("{:?}", e.params.exception_details));
        }
        Event::RuntimeConsoleAPICalled(e) => heard.lock().unwrap().push(format!("{:?}", e.params)),
        Event::NetworkRequestWillBeSent(e) => {
            asked.lock().unwrap().push(e.params.request.url.clone());
        }
        _ => {}
    };
    tab.add_event_listener(Arc::new(listener)).unwrap();
    tab.navigate_to(&format!("file://{}", page.display())).unwrap();
    tab.wait_for_element("body[data-drawn=yes]").unwrap();
    Some(Opened { _browser: browser, tab, complaints, requests })
}

impl Opened {
    /// What an expression is.
    pub fn tell(&self, expression: &str) -> serde_json::Value {
        let json = format!("JSON.stringify({expression})");
        let value = self.tab.evaluate(&json, false).unwrap().value.unwrap();
        serde_json::from_str(value.as_str().unwrap()).unwrap()
    }

    /// The text of an element, as people read it.
    pub fn text(&self, id: &str) -> String {
        self.tell(&format!("document.getElementById({id:?}).innerText")).as_str().unwrap().to_owned()
    }

    /// Waits until an expression is true.
    pub fn until(&self, expression: &str) {
        let since = std::time::Instant::now();
        while self.tell(expression) != serde_json::json!(true) {
            assert!(since.elapsed() < PATIENCE, "never {expression}: {:?}", self.complaints());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses the mouse at one place, moves it to another in steps, and lets go.
    pub fn drag(&self, from: (f64, f64), to: (f64, f64)) {
        self.mouse(Input::DispatchMouseEventTypeOption::MouseMoved, from, None);
        self.mouse(
            Input::DispatchMouseEventTypeOption::MousePressed,
            from,
            Some(Input::MouseButton::Left),
        );
        for step in 1..=8 {
            let share = f64::from(step) / 8.0;
            let at = (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
            self.mouse(
                Input::DispatchMouseEventTypeOption::MouseMoved,
                at,
                Some(Input::MouseButton::Left),
            );
        }
        self.mouse(
            Input::DispatchMouseEventTypeOption::MouseReleased,
            to,
            Some(Input::MouseButton::Left),
        );
    }

    fn mouse(
        &self,
        kind: Input::DispatchMouseEventTypeOption,
        (x, y): (f64, f64),
        button: Option<Input::MouseButton>,
    ) {
        let buttons = button.as_ref().map(|_| 1);
        let event = Input::DispatchMouseEvent {
            Type: kind,
            x,
            y,
            buttons,
            button,
            click_count: Some(1),
            modifiers: None,
            timestamp: None,
            force: None,
            tangential_pressure: None,
            tilt_x: None,
            tilt_y: None,
            twist: None,
            delta_x: None,
            delta_y: None,
            pointer_Type: None,
        };
        self.tab.call_method(event).unwrap();
    }

    /// The visible part of the page as PNG.
    pub fn screenshot(&self) -> Vec<u8> {
        self.tab.capture_screenshot(Png, None, None, true).unwrap()
    }

    /// Errors, warnings and whatever else was written to the console, but for what the driver says of drawing
    /// without a graphics card.
    pub fn complaints(&self) -> Vec<String> {
        let all = self.complaints.lock().unwrap();
        all.iter().filter(|line| !line.contains("GL Driver Message")).cloned().collect()
    }

    /// Addresses that were asked for, inline ones left out.
    pub fn requests(&self) -> Vec<String> {
        let all = self.requests.lock().unwrap();
        all.iter()
            .filter(|url| !url.starts_with("data:") && !url.starts_with("blob:"))
            .cloned()
            .collect()
    }
}
