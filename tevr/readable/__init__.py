"""Words as they are said → German as one writes it: capitals, marks, ß, numbers."""
