"""The classes in EC-CUBE: groups, columns and the plugin's cards."""
