"""What each pane shows, as rows of styled text. Pure: no widget, no clock, no thread."""
