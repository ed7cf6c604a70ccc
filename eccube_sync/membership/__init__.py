"""The rules of membership, pure: what class a customer has today, and which plans are refused."""
