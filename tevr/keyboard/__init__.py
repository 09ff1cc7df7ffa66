"""Text → the window that has the focus, whatever the keyboard's layout."""
